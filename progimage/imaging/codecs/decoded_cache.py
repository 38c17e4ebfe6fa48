"""The pictures a worker has decoded lately.

Decoding is most of the work of a thumbnail, and the sizes of one picture are asked for
in bursts: a page's srcset, a gallery. What comes out never depends on what is
remembered: a picture is decoded at one of a few sizes, chosen by the file and the
need alone, and remembered or not that is the size everything is made from.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from threading import Lock

from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.formats import JPEG, Format
from progimage.imaging.codecs.jpeg import fractions
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits

# A fraction has so many times the pixels a side that are needed, so that resampling has
# something to work on.
_MARGIN = 1.3

# One picture may take this part of the memory, so that it cannot push out all others.
_LARGEST_SHARE = 0.25


def decode_size(
    size: tuple[int, int], form: Format, needed: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Return the size at which to decode a picture of `size`, of which `needed` is needed.

    None, for the picture in full, where no fraction is large enough: only a JPEG has any. A
    drawing has every size.
    """
    if form.is_vector:
        return needed
    if needed is None or form is not JPEG:
        return None
    for fraction in fractions(size):
        if fraction[0] >= needed[0] * _MARGIN and fraction[1] >= needed[1] * _MARGIN:
            return fraction
    return None


class DecodedCache:
    """Decoded pictures, the least recently used going first, within `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pictures: OrderedDict[Hashable, Picture] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def decode(
        self,
        path: str,
        limits: Limits,
        *,
        target: tuple[int, int] | None = None,
        first_only: bool = False,
        content: str | None = None,
    ) -> Picture:
        """Return the result of `decode`, perhaps from memory; its frames must not be changed.

        A file is known by `content`, a name that only files with its very bytes have, or
        else by its inode, size and times: one that was replaced is read anew.
        """
        key = content or _identity(path), limits, target, first_only
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
                return picture
        picture = decode(path, limits, target=target, first_only=first_only)
        self._keep(key, picture)
        return picture

    def _keep(self, key: Hashable, picture: Picture) -> None:
        if size_bytes(picture) > self._max_bytes * _LARGEST_SHARE:
            return
        with self._lock:
            if key not in self._pictures:
                self._pictures[key] = picture
                self._bytes += size_bytes(picture)
            while self._bytes > self._max_bytes:
                _, oldest = self._pictures.popitem(last=False)
                self._bytes -= size_bytes(oldest)


def _identity(path: str) -> tuple[int, ...]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def size_bytes(picture: Picture) -> int:
    """Return the memory that the pixels take: Pillow keeps colours in four bytes each."""
    width, height = picture.size
    return width * height * len(picture.frames) * (1 if picture.mode == "L" else 4)
