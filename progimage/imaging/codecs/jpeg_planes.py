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

from progimage.imaging.codecs.jpeg_tables import tables
from progimage.imaging.codecs.shared_library import Declaration, declare, load_library

_API_VERSION = 62
_YCBCR = 3
_ERROR_BYTES = 1024
# The library is asked for its size of the structure, and may write that much before it answers.
_STRUCTURE_BYTES, _ROOM_BYTES = 520, 4096

# One call takes this many rows of the luma, and half as many of the chroma.
_ROWS = 16


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
        ("room", ctypes.c_byte * _ROOM_BYTES),
    )


_Pointer = ctypes.c_void_p
_FUNCTIONS: Sequence[Declaration] = (
    ("jpeg_std_error", _Pointer, (_Pointer,)),
    ("jpeg_CreateCompress", None, (_Pointer, ctypes.c_int, ctypes.c_size_t)),
    ("jpeg_mem_dest", None, (_Pointer, _Pointer, _Pointer)),
    ("jpeg_set_defaults", None, (_Pointer,)),
    (
        "jpeg_add_quant_table",
        None,
        (_Pointer, ctypes.c_int, _Pointer, ctypes.c_int, ctypes.c_int),
    ),
    ("jpeg_simple_progression", None, (_Pointer,)),
    ("jpeg_start_compress", None, (_Pointer, ctypes.c_int)),
    ("jpeg_write_raw_data", ctypes.c_uint, (_Pointer, _Pointer, ctypes.c_uint)),
    ("jpeg_finish_compress", None, (_Pointer,)),
    ("jpeg_destroy_compress", None, (_Pointer,)),
)


def is_possible() -> bool:
    """Return whether the library is here."""
    return _library() is not None


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
    library = _library()
    if library is None:
        raise RuntimeError("libjpeg is missing; ask is_possible first")
    width, height = luma.size
    whole = -(-width // _ROWS) * _ROWS, -(-height // _ROWS) * _ROWS
    half = whole[0] // 2, whole[1] // 2
    data = [extended(luma, whole).tobytes()]
    data += [extended(plane, half).tobytes() for plane in chroma]
    rows = [_rows(data[0], *whole), _rows(data[1], *half), _rows(data[2], *half)]

    errors = ctypes.create_string_buffer(_ERROR_BYTES)
    settings = _Compression(error_manager=library.jpeg_std_error(errors))
    this = ctypes.byref(settings)
    library.jpeg_CreateCompress(this, _API_VERSION, _STRUCTURE_BYTES)
    room = ctypes.create_string_buffer(len(data[0]) // 2)
    size, result = ctypes.c_ulong(len(room)), ctypes.c_void_p(ctypes.addressof(room))
    try:
        library.jpeg_mem_dest(this, ctypes.byref(result), ctypes.byref(size))
        settings.width, settings.height = width, height
        settings.components, settings.colour_space = 3, _YCBCR
        library.jpeg_set_defaults(this)
        for number, table in enumerate(tables(quality, is_small=is_small)):
            library.jpeg_add_quant_table(this, number, (ctypes.c_uint * 64)(*table), 100, 1)
        if is_progressive:
            library.jpeg_simple_progression(this)
        settings.takes_planes, settings.optimises_tables = 1, int(is_small)
        library.jpeg_start_compress(this, 1)
        step = ctypes.sizeof(ctypes.c_void_p) * _ROWS
        places = [ctypes.addressof(pointers) for pointers in rows]
        for block in range(whole[1] // _ROWS):
            luma_at, half_at = block * step, block * step // 2
            part = (ctypes.c_void_p * 3)(
                places[0] + luma_at, places[1] + half_at, places[2] + half_at
            )
            library.jpeg_write_raw_data(this, part, _ROWS)
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


def _rows(plane: bytes, width: int, height: int) -> ctypes.Array[ctypes.c_void_p]:
    """Return pointers to the rows of a plane, which has to outlive them."""
    start = ctypes.cast(ctypes.c_char_p(plane), ctypes.c_void_p).value or 0
    return (ctypes.c_void_p * height)(*range(start, start + width * height, width))


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


@cache
def _library() -> ctypes.CDLL | None:
    library = load_library("libjpeg")
    if library is None:
        return None
    try:
        declare(library, _FUNCTIONS)
    except AttributeError:
        return None
    return library if _is_known(library) else None


def _is_known(library: ctypes.CDLL) -> bool:
    """Return whether the library takes the version and the size of the structure."""
    complaints: list[object] = []

    complain = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(complaints.append)
    # The first member of the error manager is the function that is called for an error.
    errors = ctypes.create_string_buffer(_ERROR_BYTES)
    settings = _Compression(error_manager=library.jpeg_std_error(errors))
    ctypes.memmove(errors, ctypes.byref(complain), ctypes.sizeof(ctypes.c_void_p))
    library.jpeg_CreateCompress(ctypes.byref(settings), _API_VERSION, _STRUCTURE_BYTES)
    library.jpeg_destroy_compress(ctypes.byref(settings))
    return not complaints
