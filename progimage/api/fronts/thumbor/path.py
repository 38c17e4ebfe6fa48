"""The parts of a thumbor path.

    [meta/][trim…/][AxB:CxD/][[adaptive-][full-]fit-in/][-]W x[-]H/[align/][smart/]
    [filters:name(arguments):…/]source

Every part may be missing, in this order. Source: thumbor documentation, "Usage".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from progimage.api.fronts.foreign import ForeignUrlError

_TRIM = re.compile(r"trim(:(?P<corner>top-left|bottom-right))?(:(?P<tolerance>[0-9]{1,3}))?")
_CROP = re.compile(r"([0-9]{1,6})x([0-9]{1,6}):([0-9]{1,6})x([0-9]{1,6})")
_FIT_IN = re.compile(r"(?P<adaptive>adaptive-)?(?P<full>full-)?fit-in")
_SIZE = re.compile(
    r"(?P<mirror>-)?(?P<width>[0-9]{1,5}|orig)?x(?P<flip>-)?(?P<height>[0-9]{1,5}|orig)?"
)
_HORIZONTAL = ("left", "center", "right")
_VERTICAL = ("top", "middle", "bottom")
_FILTER = re.compile(r"([a-z_]{1,32})\(([^()]{0,2000})\)")
_MAX_FILTERS = 30
_ORIGINAL = "orig"
_MERGED_SLASHES = re.compile(r"^(https?:/)(?=[^/])")
_ENCODED_MARKS = {"%28": "(", "%29": ")", "%2c": ",", "%3a": ":", "%3b": ";", "%7c": "|"}


@dataclass(slots=True)
class ThumborOptions:
    """What a path asks for. A width or height is None where it is free, "orig" for the source's."""

    is_meta: bool = False
    trim_corner: str = ""
    trim_tolerance: int | None = None
    crop: tuple[int, int, int, int] | None = None
    is_fit_in: bool = False
    is_full: bool = False
    is_adaptive: bool = False
    is_stretched: bool = False
    width: int | str | None = None
    height: int | str | None = None
    mirror: bool = False
    flip: bool = False
    horizontal: str = "center"
    vertical: str = "middle"
    is_smart: bool = False
    filters: list[tuple[str, list[str]]] = field(default_factory=list)


def split_path(path: str) -> tuple[ThumborOptions, str]:
    """Take a path behind its signature apart into options and source (decoded once).

    What clients and proxies are known to change is changed back first: encoded marks in
    options, and one slash instead of two behind the scheme of the source.

    Raises:
        ForeignUrlError: with 400, as thumbor answers, if a part is malformed.
    """
    options, rest = ThumborOptions(), path
    for read in (_meta, _trim, _crop, _fit_in, _stretch, _size, _align, _filters):
        rest = read(options, rest)
    try:
        source = unquote_to_bytes(rest).decode()
    except UnicodeDecodeError:
        raise malformed("the source is not UTF-8") from None
    if not source:
        raise malformed("the source is missing")
    return options, _MERGED_SLASHES.sub(r"\1/", source, count=1)


def _marks(text: str) -> str:
    """Decode the marks of the grammar, which some clients encode."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda m: _ENCODED_MARKS.get(m[0].lower(), m[0]), text)


def malformed(what: str) -> ForeignUrlError:
    """Return the error for a URL that cannot be read."""
    return ForeignUrlError(f"thumbor URL: {what}", 400)


def _meta(options: ThumborOptions, rest: str) -> str:
    if rest.startswith("debug/"):
        raise malformed("debug: is not supported here")
    options.is_meta = rest.startswith("meta/")
    return rest.removeprefix("meta/")


def _trim(options: ThumborOptions, rest: str) -> str:
    head, _, tail = rest.partition("/")
    match = _TRIM.fullmatch(_marks(head))
    if match is None:
        return rest
    options.trim_corner = match["corner"] or "top-left"
    options.trim_tolerance = min(int(match["tolerance"] or 0), 442)
    return tail


def _crop(options: ThumborOptions, rest: str) -> str:
    head, _, tail = rest.partition("/")
    match = _CROP.fullmatch(_marks(head))
    if match is None:
        return rest
    left, top, right, bottom = (int(text) for text in match.groups())
    options.crop = (left, top, right, bottom)
    return tail


def _fit_in(options: ThumborOptions, rest: str) -> str:
    head, _, tail = rest.partition("/")
    match = _FIT_IN.fullmatch(head)
    if match is None:
        return rest
    options.is_fit_in = True
    options.is_adaptive, options.is_full = bool(match["adaptive"]), bool(match["full"])
    return tail


def _stretch(options: ThumborOptions, rest: str) -> str:
    # imagor's spelling; thumbor has a filter of this name.
    options.is_stretched = rest.startswith("stretch/")
    return rest.removeprefix("stretch/")


def _size(options: ThumborOptions, rest: str) -> str:
    head, slash, tail = rest.partition("/")
    match = _SIZE.fullmatch(head) if slash else None
    if match is None:
        return rest
    options.mirror, options.flip = bool(match["mirror"]), bool(match["flip"])
    options.width, options.height = _side(match["width"]), _side(match["height"])
    return tail


def _side(text: str | None) -> int | str | None:
    if text == _ORIGINAL:
        return text
    return int(text) or None if text else None


def _align(options: ThumborOptions, rest: str) -> str:
    for words, attribute in ((_HORIZONTAL, "horizontal"), (_VERTICAL, "vertical")):
        head, slash, tail = rest.partition("/")
        if slash and head in words:
            setattr(options, attribute, head)
            rest = tail
    head, slash, tail = rest.partition("/")
    if slash and head == "smart":
        options.is_smart = True
        rest = tail
    return rest


def _filters(options: ThumborOptions, rest: str) -> str:
    head, slash, source = rest.partition("/")
    if "(" not in head and _marks(head).startswith("filters:"):
        rest = _marks(head) + slash + source
    if not rest.startswith("filters:"):
        return rest
    text, end, tail = rest.removeprefix("filters:").partition(")/")
    if not end:
        raise malformed("filters: expected name(arguments) with : between, then / and the source")
    text += ")"
    position = 0
    while position < len(text):
        match = _FILTER.match(text, position)
        if match is None or len(options.filters) >= _MAX_FILTERS:
            raise malformed(f"filters: cannot read {text[position : position + 80]!r}")
        arguments = (
            [
                unquote_to_bytes(one.strip()).decode("utf-8", "replace")
                for one in match[2].split(",")
            ]
            if match[2]
            else []
        )
        options.filters.append((match[1], arguments))
        position = match.end()
        if position < len(text):
            if text[position] != ":":
                raise malformed("filters: expected : between filters")
            position += 1
    return tail
