"""The pictures a worker has decoded lately.

Decoding is most of the work of a thumbnail, and the sizes of one picture are asked for
in bursts: a page's srcset, a gallery. What comes out never depends on what is
remembered: a picture is decoded at one of a few sizes, chosen by the file and the
need alone, and remembered or not that is the size everything is made from.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from progimage.imaging.codecs.decode import decode_opened
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.codecs.header import Opened, opened
from progimage.imaging.codecs.jpeg import fractions
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.lru import LockedLru

# A fraction has so many times the pixels a side that are needed, so that resampling has
# something to work on. Half of a large picture may be used up to its own size, since of a
# photograph it gives what all pixels give, or better. Working copies are quickly decoded, and
# were scaled before. See DecisionLog.md, 114 and 217.
_MARGIN = 1.3
_MARGIN_OF_HALF = 1.0
_LARGE_PX = 1400
_MARGIN_OF_COPIES = 2.0

_REMEMBERED_FACTS = 10_000

# One picture may take this part of the memory, so that it cannot push out all others.
_LARGEST_SHARE = 0.25


def decode_size(
    size: tuple[int, int], form: Format, needed: tuple[int, int] | None, *, is_copy: bool = False
) -> tuple[int, int] | None:
    """Return the size at which to decode a picture of `size`, of which `needed` is needed.

    None, for the picture in full, where no fraction is large enough: only a JPEG has any. A
    drawing has every size. `is_copy` says that the picture is a working copy.
    """
    if form.is_vector:
        return needed
    if needed is None or form is not JPEG:
        return None
    found = fractions(size)
    for fraction in found:
        is_large_half = fraction == found[-1] and max(fraction) >= _LARGE_PX
        margin = _MARGIN_OF_HALF if is_large_half else _MARGIN
        margin = _MARGIN_OF_COPIES if is_copy else margin
        if fraction[0] >= needed[0] * margin and fraction[1] >= needed[1] * margin:
            return fraction
    return None


class Facts(NamedTuple):
    """What the header of a picture says."""

    size: tuple[int, int]
    form: Format
    frame_count: int


class DecodedCache:
    """Decoded pictures, the least recently used going first, within `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._facts: LockedLru[Hashable, Facts] = LockedLru(_REMEMBERED_FACTS)
        self._pictures: OrderedDict[Hashable, Picture] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @contextmanager
    def open(
        self, path: str, limits: Limits, *, content: str | None = None, page: int = 1
    ) -> Iterator[CachedSource]:
        """Yield the picture at `path`; if it is remembered, its file is not read.

        A file is known by `content`, a name that only files with its very bytes have, or
        else by its inode, size and times: one that was replaced is read again. `page` is that
        of a document, or a frame.

        Raises: what `header.opened` does, also for exceptions of the block.
        """
        key = content or _identity(path), limits, page
        with ExitStack() as until_decoded:
            yield CachedSource(self, key, until_decoded, lambda: opened(path, limits, page))

    def decode(
        self,
        path: str,
        limits: Limits,
        *,
        target: tuple[int, int] | None = None,
        first_only: bool = False,
        content: str | None = None,
    ) -> Picture:
        """Return the result of `decode`, perhaps from memory; its frames must not be changed."""
        with self.open(path, limits, content=content) as source:
            return source.decode(target=target, first_only=first_only)

    def facts(self, key: Hashable) -> Facts | None:
        """Return what is known of a picture without reading it."""
        return self._facts.get(key)

    def keep_facts(self, key: Hashable, facts: Facts) -> None:
        """Remember what the header of a picture says."""
        self._facts.put(key, facts)

    def picture(self, key: Hashable) -> Picture | None:
        """Return a remembered picture."""
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
            return picture

    def keep_picture(self, key: Hashable, picture: Picture) -> None:
        """Remember a picture, unless it is too large."""
        if size_bytes(picture) > self._max_bytes * _LARGEST_SHARE:
            return
        with self._lock:
            if key not in self._pictures:
                self._pictures[key] = picture
                self._bytes += size_bytes(picture)
            while self._bytes > self._max_bytes:
                _, oldest = self._pictures.popitem(last=False)
                self._bytes -= size_bytes(oldest)


class CachedSource:
    """A picture that is perhaps remembered; `DecodedCache.open` yields it."""

    def __init__(
        self,
        cache: DecodedCache,
        key: Hashable,
        files: ExitStack,
        open_: Callable[[], AbstractContextManager[Opened]],
    ) -> None:
        self._cache = cache
        self._key = key
        self._files = files
        self._open_file = open_
        self._opened: Opened | None = None

    @cached_property
    def facts(self) -> Facts:
        """What its header says."""
        facts = self._cache.facts(self._key)
        if facts is None:
            source = self._open()
            facts = Facts(source.size, source.form, source.frame_count)
            self._cache.keep_facts(self._key, facts)
        return facts

    def decode(self, *, target: tuple[int, int] | None = None, first_only: bool = False) -> Picture:
        """Return the picture; its frames must not be changed. Call this once only."""
        key = self._key, target, first_only
        picture = self._cache.picture(key)
        if picture is None:
            picture = decode_opened(self._open(), target=target, first_only=first_only)
            self._cache.keep_picture(key, picture)
        # With the reader goes the memory that holds the file.
        self._opened = None
        self._files.close()
        return picture

    def _open(self) -> Opened:
        if self._opened is None:
            self._opened = self._files.enter_context(self._open_file())
        return self._opened


def _identity(path: str) -> tuple[int, ...]:
    found = os.stat(path)  # noqa: PTH116 - every render comes here
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def size_bytes(picture: Picture) -> int:
    """Return the memory that the pixels take: Pillow keeps colours in four bytes each."""
    width, height = picture.size
    return width * height * len(picture.frames) * (1 if picture.mode == "L" else 4)
