"""Translates the URLs of an access log, to see before a migration what they become."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from progimage.api.fronts.foreign import ForeignSource, ForeignUrlError
from progimage.api.fronts.imgproxy.front import ImgproxyFront
from progimage.api.fronts.thumbor.front import ThumborFront

# A source that is not known is taken for this one.
SAMPLE = ForeignSource((3000, 2000), "jpeg")
_MOST_KINDS = 10_000
_MOST_LINE = 16_384
# The request of an access log in the common or combined format.
_REQUEST = re.compile(r'"(?:GET|HEAD) (\S+) HTTP/[0-9.]+"')
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(slots=True)
class Kind:
    """URLs that differ in their numbers and sources alone.

    Attributes:
        example: the first of them.
        outcome: the pipeline it becomes, or the reason why it is not understood.
        is_understood: whether it becomes a pipeline.
        count: how many there were.
    """

    example: str
    outcome: str
    is_understood: bool
    count: int = 0


@dataclass(slots=True)
class Translation:
    """All kinds of URLs that were read, and how many lines had none."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    lines_without: int = 0

    @property
    def counts(self) -> Counter[bool]:
        """How many URLs were understood (True), and how many were not."""
        found: Counter[bool] = Counter()
        for kind in self.kinds.values():
            found[kind.is_understood] += kind.count
        return found

    def most_frequent(self) -> Iterator[Kind]:
        """Yield the kinds, those that are not understood first, each group by frequency."""
        yield from sorted(self.kinds.values(), key=lambda kind: (kind.is_understood, -kind.count))


def translate(lines: Iterable[str], grammar: str, prefix: str = "") -> Translation:
    """Read URLs, paths or lines of an access log; signatures are not checked.

    Args:
        grammar: "imgproxy" or "thumbor".
        prefix: a path before each URL that is no part of the grammar.
    """
    front = ImgproxyFront(is_unsafe=True) if grammar == "imgproxy" else ThumborFront(is_unsafe=True)
    found = Translation()
    for line in lines:
        path = _path_in(line.strip()[:_MOST_LINE])
        if not path.startswith(f"{prefix}/"):
            found.lines_without += 1
            continue
        path = path.removeprefix(prefix)
        if grammar == "thumbor":
            path = "/unsafe/" + path.lstrip("/").partition("/")[2]
        outcome, is_understood, shape = _outcome(front, path)
        if shape not in found.kinds and len(found.kinds) >= _MOST_KINDS:
            shape = next(reversed(found.kinds))
        kind = found.kinds.setdefault(shape, Kind(path, outcome, is_understood))
        kind.count += 1
    return found


def _path_in(line: str) -> str:
    match = _REQUEST.search(line)
    target = match[1] if match else line
    if "://" in target[:10]:
        return urlsplit(target).path
    return target.partition("?")[0]


def _outcome(front: ImgproxyFront | ThumborFront, path: str) -> tuple[str, bool, str]:
    """Return what a path becomes, whether it is understood, and the shape of its kind."""
    try:
        url = front.read(path)
        pipeline = url.compile(SAMPLE).pipeline
    except ForeignUrlError as error:
        reason = str(error)
        return reason, False, _NUMBERS.sub("#", reason)
    text = "facts" if url.is_facts else "the source itself" if pipeline is None else str(pipeline)
    return text or "the source's own format", True, _NUMBERS.sub("#", repr(url.options))
