"""libjpeg as Pillow brings it along, for what Pillow itself does not offer: planes.

Sources: libjpeg-turbo 3.2, jpeglib.h (the API of version 6.2, on machines of 64 bits).
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any

from progimage.imaging.codecs.shared_library import Declaration, declare, load_library

API_VERSION = 62
GREY, YCBCR = 1, 3
"""Colour spaces."""

# The library is asked for its sizes of the structures, and may write that much before it answers.
COMPRESSION_BYTES, DECOMPRESSION_BYTES, ROOM_BYTES = 520, 632, 4096

Pointer = ctypes.c_void_p
_FUNCTIONS: Sequence[Declaration] = (
    ("jpeg_std_error", Pointer, (Pointer,)),
    ("jpeg_CreateCompress", None, (Pointer, ctypes.c_int, ctypes.c_size_t)),
    ("jpeg_mem_dest", None, (Pointer, Pointer, Pointer)),
    ("jpeg_set_defaults", None, (Pointer,)),
    (
        "jpeg_add_quant_table",
        None,
        (Pointer, ctypes.c_int, Pointer, ctypes.c_int, ctypes.c_int),
    ),
    ("jpeg_simple_progression", None, (Pointer,)),
    ("jpeg_start_compress", None, (Pointer, ctypes.c_int)),
    ("jpeg_write_raw_data", ctypes.c_uint, (Pointer, Pointer, ctypes.c_uint)),
    ("jpeg_finish_compress", None, (Pointer,)),
    ("jpeg_destroy_compress", None, (Pointer,)),
    ("jpeg_CreateDecompress", None, (Pointer, ctypes.c_int, ctypes.c_size_t)),
    ("jpeg_read_header", ctypes.c_int, (Pointer, ctypes.c_int)),
    ("jpeg_start_decompress", ctypes.c_int, (Pointer,)),
    ("jpeg_read_raw_data", ctypes.c_uint, (Pointer, Pointer, ctypes.c_uint)),
    ("jpeg_resync_to_restart", ctypes.c_int, (Pointer, ctypes.c_int)),
    ("jpeg_destroy_decompress", None, (Pointer,)),
)

OnCall = ctypes.CFUNCTYPE(None, Pointer)
"""A function that gets the structure."""

OnMessage = ctypes.CFUNCTYPE(None, Pointer, ctypes.c_int)
"""A function that gets the structure, and a level: below 0 it is a warning."""


class Errors(ctypes.Structure):
    """`jpeg_error_mgr`: what is called for errors and warnings, and room for the rest."""

    _fields_ = (
        ("on_error", OnCall),
        ("on_message", OnMessage),
        ("room", ctypes.c_byte * 1024),
    )


def address_in(pointer: Any) -> int:
    """Return the address that a pointer of ctypes, or a function, holds.

    `ctypes.cast` would leave an object that only the garbage collector finds.
    """
    return Pointer.from_buffer(pointer).value or 0


def address_of(data: bytes) -> int:
    """Return where bytes are in memory; they have to outlive the use of it."""
    return address_in(ctypes.c_char_p(data))


class RowPointers:
    """Pointers to the rows of a plane, whose bytes have to outlive them.

    Args:
        start: address of the first row.
        width, height: of the plane, in bytes and rows.
        step: rows that one call reads or writes.

    Attributes:
        calls: for each call, the address of the pointers that it takes.
    """

    def __init__(self, start: int, width: int, height: int, step: int) -> None:
        self._pointers = array("Q", range(start, start + width * height, width))
        first, _ = self._pointers.buffer_info()
        self.calls = range(first, first + 8 * height, 8 * step)


@cache
def library() -> ctypes.CDLL | None:
    """Return the library; None where it is missing, or built otherwise than Pillow's wheels are."""
    found = load_library("libjpeg")
    if found is None:
        return None
    try:
        declare(found, _FUNCTIONS)
    except AttributeError:
        return None
    return found if _is_known(found) else None


def _is_known(found: ctypes.CDLL) -> bool:
    """Return whether the library takes the version and the sizes of the structures."""
    complaints: list[object] = []
    complain = OnCall(complaints.append)
    for create, destroy, size in (
        ("jpeg_CreateCompress", "jpeg_destroy_compress", COMPRESSION_BYTES),
        ("jpeg_CreateDecompress", "jpeg_destroy_decompress", DECOMPRESSION_BYTES),
    ):
        errors = Errors()
        room = ctypes.create_string_buffer(ROOM_BYTES)
        # The first member of both structures is the error manager.
        manager = ctypes.c_void_p(found.jpeg_std_error(ctypes.byref(errors)))
        errors.on_error = complain
        ctypes.memmove(room, ctypes.byref(manager), ctypes.sizeof(manager))
        getattr(found, create)(room, API_VERSION, size)
        getattr(found, destroy)(room)
    return not complaints
