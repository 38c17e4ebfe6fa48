"""A JPEG written from planes: luma, and two planes of chroma with half the sides.

Pillow writes a JPEG from pixels only: planes would have to be enlarged to the size of the luma,
joined, and made smaller again by libjpeg. libjpeg itself takes planes as they are. The library
is the one that Pillow brings along; where it cannot be found, or is built otherwise than
Pillow's wheels are, nothing `is_possible` and Pillow writes the picture.

Sources: libjpeg-turbo 3.2, jpeglib.h (the API of version 6.2, on machines of 64 bits) and
libjpeg.txt, "Raw (downsampled) image data".
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

from PIL import Image

from progimage.imaging.codecs import libjpeg
from progimage.imaging.codecs.jpeg_tables import tables
from progimage.imaging.codecs.libjpeg import RowPointers, address_of

# One call takes this many rows of the luma, and half as many of the chroma.
_ROWS = 16
_LEAST_ROOM_BYTES = 1024

# So many of those calls share a copy of their rows.
_STRIP = 16


class _Compression(ctypes.Structure):
    """`jpeg_compress_struct` up to the last of its members that is set here."""

    _fields_ = (
        ("error_manager", ctypes.c_void_p),
        ("unused_before", ctypes.c_byte * 40),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("components", ctypes.c_int),
        ("colour_space", ctypes.c_int),
        ("gamma", ctypes.c_double),
        ("precision_and_components", ctypes.c_int * 3),
        ("component_info", ctypes.c_void_p),
        ("tables", ctypes.c_void_p * 12),
        ("arithmetic", ctypes.c_uint8 * 48),
        ("scan_count", ctypes.c_int),
        ("scans", ctypes.c_void_p),
        ("takes_planes", ctypes.c_int),
        ("is_arithmetic", ctypes.c_int),
        ("optimises_tables", ctypes.c_int),
        ("room", ctypes.c_byte * libjpeg.ROOM_BYTES),
    )


def is_possible() -> bool:
    """Return whether the library is here."""
    return libjpeg.library() is not None


def encoded(
    luma: Image.Image,
    chroma: Sequence[Image.Image],
    quality: int,
    *,
    is_progressive: bool,
    is_small: bool,
) -> bytes:
    """Return a JPEG of planes in mode L, if it `is_possible`.

    Its coding is that of Pillow for the same tables and subsampling 4:2:0. An error of the
    library, such as a lack of memory, ends this process.

    Args:
        chroma: Cb and Cr, with half the sides of `luma`, rounded up.
        is_small: take the finer table of `jpeg_tables`, and make Huffman tables for this
            picture, in a second pass.
    """
    library = libjpeg.library()
    if library is None:
        raise RuntimeError("libjpeg is missing; ask is_possible first")
    width, height = luma.size
    planes = ctypes.c_void_p * 3
    errors = libjpeg.Errors()
    settings = _Compression(error_manager=library.jpeg_std_error(ctypes.byref(errors)))
    this = ctypes.byref(settings)
    library.jpeg_CreateCompress(this, libjpeg.API_VERSION, libjpeg.COMPRESSION_BYTES)
    room = ctypes.create_string_buffer(width * height // 2 + _LEAST_ROOM_BYTES)
    size, result = ctypes.c_ulong(len(room)), ctypes.c_void_p(ctypes.addressof(room))
    try:
        library.jpeg_mem_dest(this, ctypes.byref(result), ctypes.byref(size))
        settings.width, settings.height = width, height
        settings.components, settings.colour_space = 3, libjpeg.YCBCR
        library.jpeg_set_defaults(this)
        for number, table in enumerate(tables(quality, is_small=is_small)):
            library.jpeg_add_quant_table(this, number, (ctypes.c_uint * 64)(*table), 100, 1)
        if is_progressive:
            library.jpeg_simple_progression(this)
        settings.takes_planes, settings.optimises_tables = 1, int(is_small)
        library.jpeg_start_compress(this, 1)
        for top in range(0, height, _ROWS * _STRIP):
            strips = [_Strip(luma, top, _ROWS)]
            strips += [_Strip(plane, top // 2, _ROWS // 2) for plane in chroma]
            for call in zip(*(strip.rows.calls for strip in strips), strict=True):
                library.jpeg_write_raw_data(this, planes(*call), _ROWS)
        library.jpeg_finish_compress(this)
        return ctypes.string_at(result.value or 0, size.value)
    finally:
        library.jpeg_destroy_compress(this)
        if result.value != ctypes.addressof(room):
            _c_library().free(result)  # it was too small, and the library reserved more


def extended(plane: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a plane with its last column and its last row repeated up to `size`."""
    if plane.size == size:
        return plane
    width, height = plane.size
    larger = plane.crop((0, 0, *size))
    if size[0] > width:
        column = plane.crop((width - 1, 0, width, height))
        larger.paste(column.resize((size[0] - width, height)), (width, 0))
    if size[1] > height:
        row = larger.crop((0, height - 1, size[0], height))
        larger.paste(row.resize((size[0], size[1] - height)), (0, height))
    return larger


class _Strip:
    """Some rows of a plane, extended to whole blocks, and pointers to each.

    `block` is the side of a block of this plane.
    """

    def __init__(self, plane: Image.Image, top: int, block: int) -> None:
        rows = min(plane.height - top, block * _STRIP)
        width, height = -(-plane.width // block) * block, -(-rows // block) * block
        strip = plane.crop((0, top, plane.width, top + rows))
        self._data = extended(strip, (width, height)).tobytes()
        self.rows = RowPointers(address_of(self._data), width, height, block)


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
