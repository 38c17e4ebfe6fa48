"""The samples of a TIFF, as libtiff decompresses them.

Pillow opens the TIFF layouts in its table and no others. The library it brings along
decompresses them all, so it is called here directly. Where it cannot be found, as with
a Pillow linked statically, `decompressed` returns None.
Source: libtiff, TIFFReadEncodedStrip(3), TIFFReadEncodedTile(3).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes.util import find_library
from functools import cache
from pathlib import Path

import PIL


def decompressed(path: str, *, tiled: bool, pieces: int) -> Iterator[bytes | None] | None:
    """Yield the strips, or tiles, of the first page; None for one that cannot be read.

    Samples of 16, 32 and 64 bits are in the machine's byte order.
    """
    library = _library()
    if library is None:
        return None
    return _pieces(library, path, tiled=tiled, pieces=pieces)


def _pieces(library: ctypes.CDLL, path: str, *, tiled: bool, pieces: int) -> Iterator[bytes | None]:
    # "c": strips as they are stored, where libtiff would divide large ones into many.
    handle = library.TIFFOpen(path.encode(), b"rc")
    if not handle:
        yield from [None] * pieces
        return
    try:
        size = (library.TIFFTileSize64 if tiled else library.TIFFStripSize64)(handle)
        read = library.TIFFReadEncodedTile if tiled else library.TIFFReadEncodedStrip
        buffer = ctypes.create_string_buffer(size)
        for number in range(pieces):
            count = read(handle, number, buffer, size)
            yield buffer.raw[:count] if count >= 0 else None
    finally:
        library.TIFFClose(handle)


@cache
def _library() -> ctypes.CDLL | None:
    beside_pillow = Path(PIL.__file__).parents[1]
    found = [
        *beside_pillow.glob("pillow.libs/libtiff-*.so*"),
        *beside_pillow.glob("PIL/.dylibs/libtiff.*.dylib"),
    ]
    name = str(found[0]) if found else find_library("tiff")
    if name is None:
        return None
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.TIFFOpen.restype = ctypes.c_void_p
    library.TIFFOpen.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    library.TIFFClose.argtypes = (ctypes.c_void_p,)
    for size in (library.TIFFStripSize64, library.TIFFTileSize64):
        size.restype, size.argtypes = ctypes.c_uint64, (ctypes.c_void_p,)
    for read in (library.TIFFReadEncodedStrip, library.TIFFReadEncodedTile):
        read.restype = ctypes.c_ssize_t
        read.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_ssize_t)
    # Otherwise it writes to standard error.
    library.TIFFSetErrorHandler.argtypes = (ctypes.c_void_p,)
    library.TIFFSetWarningHandler.argtypes = (ctypes.c_void_p,)
    library.TIFFSetErrorHandler(None)
    library.TIFFSetWarningHandler(None)
    return library
