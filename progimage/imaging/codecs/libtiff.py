"""The samples of a TIFF, as libtiff decompresses them.

Pillow opens the TIFF layouts in its table and no others. The library it brings along
decompresses them all, so it is called here directly. Where it cannot be found, as with
a Pillow linked statically, the functions return None.
Source: libtiff, TIFFReadEncodedStrip(3), TIFFReadEncodedTile(3), TIFFReadScanline(3),
TIFFReadRGBAImage(3).
"""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from progimage.imaging.codecs.shared_library import Declaration, load_library

# A file that lacks more than this is not worth decoding.
_MAX_MISSING_TIMES = 4
_FILLERS = (b"\0", b"\xff")
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a file: its number, from 0, and where the data of the last page ends."""

    path: str
    number: int
    end: int

    @property
    def missing_bytes(self) -> int:
        """How many bytes the file lacks at its end."""
        return max(0, self.end - Path(self.path).stat().st_size)


@dataclass(frozen=True, slots=True)
class Strips:
    """How a page is divided: into tiles, or into strips of rows, of one plane or several."""

    is_tiled: bool
    per_plane: int
    planes: int
    rows: int
    height: int


def has_codec(compression: int) -> bool:
    """Tell if samples compressed by this method can be read here."""
    library = _library()
    return library is None or bool(library.TIFFIsCODECConfigured(compression))


def decompressed(page: Page, strips: Strips) -> Sequence[bytes] | None:
    """Return the strips, or tiles, of a page; of a damaged one only its beginning.

    Samples of 16, 32 and 64 bits are in the machine's byte order.
    """
    library = _library()
    if library is None:
        return None
    found = [_pieces(library, path, page, strips) for path in _paths(page)]
    return [_common_start(*pieces) for pieces in zip(*found, strict=True)]


def as_rgba(page: Page, size: tuple[int, int], orientation: int) -> Sequence[bytes] | None:
    """Return a page as libtiff converts it, RGBA with colours multiplied by alpha.

    One version, or two of a file that is cut: where they differ, there is nothing.
    `orientation` is that of the file, so that nothing is turned.
    """
    library = _library()
    if library is None:
        return None
    width, height = size
    versions = []
    for path in _paths(page):
        raster = ctypes.create_string_buffer(4 * width * height)
        with _opened(library, path, page.number) as handle:
            if handle:
                library.TIFFReadRGBAImageOriented(handle, width, height, raster, orientation, 0)
        versions.append(raster.raw[: 4 * width * height])
    return versions


def _paths(page: Page) -> Iterator[str]:
    """Yield the file; of one that is cut two copies, each filled up with other bytes.

    libtiff reads nothing of a strip whose end is missing.
    """
    missing = page.missing_bytes
    if not 0 < missing <= _MAX_MISSING_TIMES * Path(page.path).stat().st_size:
        yield page.path
        return
    for filler in _FILLERS:
        # Without a name, so that nothing is left of it if this process is killed.
        with TemporaryFile() as copy:
            with Path(page.path).open("rb") as file:
                shutil.copyfileobj(file, copy)
            for start in range(0, missing, _BLOCK_BYTES):
                copy.write(filler * min(_BLOCK_BYTES, missing - start))
            copy.flush()
            yield f"/dev/fd/{copy.fileno()}"


def _common_start(first: bytes, *others: bytes) -> bytes:
    """Return how two versions of a piece begin alike."""
    for other in others:
        low, high = 0, min(len(first), len(other))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if first[:middle] == other[:middle] else (low, middle - 1)
        first = first[:low]
    return first


def _pieces(library: ctypes.CDLL, path: str, page: Page, strips: Strips) -> list[bytes]:
    count = strips.per_plane * strips.planes
    with _opened(library, path, page.number) as handle:
        if not handle:
            return [b""] * count
        tiled = strips.is_tiled
        size = (library.TIFFTileSize64 if tiled else library.TIFFStripSize64)(handle)
        read = library.TIFFReadEncodedTile if tiled else library.TIFFReadEncodedStrip
        buffer = ctypes.create_string_buffer(size)
        found = []
        for number in range(count):
            got = read(handle, number, buffer, size)
            if got >= 0:
                found.append(buffer.raw[:got])
            else:
                found.append(b"" if tiled else _rows(library, path, page, strips, number))
        return found


def _rows(library: ctypes.CDLL, path: str, page: Page, strips: Strips, number: int) -> bytes:
    """Return the rows of a damaged strip before the damage."""
    plane, strip = divmod(number, strips.per_plane)
    start = strip * strips.rows
    found = []
    # Opened again: the decoder stays where it failed.
    with _opened(library, path, page.number) as handle:
        size = library.TIFFScanlineSize64(handle)
        buffer = ctypes.create_string_buffer(size)
        for row in range(start, min(start + strips.rows, strips.height)):
            if library.TIFFReadScanline(handle, buffer, row, plane) < 0:
                break
            found.append(buffer.raw[:size])
    return b"".join(found)


@contextmanager
def _opened(library: ctypes.CDLL, path: str, number: int) -> Iterator[int]:
    """Yield a handle for a page; 0 if it cannot be opened."""
    # "c": strips as they are stored, where libtiff would divide large ones into many.
    handle = library.TIFFOpen(path.encode(), b"rc")
    try:
        is_there = handle and (number == 0 or library.TIFFSetDirectory(handle, number))
        yield handle if is_there else 0
    finally:
        if handle:
            library.TIFFClose(handle)


@cache
def _library() -> ctypes.CDLL | None:
    handle, number, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64
    functions: tuple[Declaration, ...] = (
        ("TIFFOpen", handle, (ctypes.c_char_p, ctypes.c_char_p)),
        ("TIFFClose", None, (handle,)),
        ("TIFFSetDirectory", ctypes.c_int, (handle, number)),
        ("TIFFIsCODECConfigured", ctypes.c_int, (ctypes.c_uint16,)),
        ("TIFFStripSize64", size, (handle,)),
        ("TIFFTileSize64", size, (handle,)),
        ("TIFFScanlineSize64", size, (handle,)),
        ("TIFFReadEncodedStrip", ctypes.c_ssize_t, (handle, number, handle, ctypes.c_ssize_t)),
        ("TIFFReadEncodedTile", ctypes.c_ssize_t, (handle, number, handle, ctypes.c_ssize_t)),
        ("TIFFReadScanline", ctypes.c_int, (handle, handle, number, ctypes.c_uint16)),
        (
            "TIFFReadRGBAImageOriented",
            ctypes.c_int,
            (handle, number, number, handle, ctypes.c_int, ctypes.c_int),
        ),
        # Otherwise it writes to standard error.
        ("TIFFSetErrorHandler", handle, (handle,)),
        ("TIFFSetWarningHandler", handle, (handle,)),
    )
    library = load_library("libtiff", functions)
    if library is not None:
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
    return library
