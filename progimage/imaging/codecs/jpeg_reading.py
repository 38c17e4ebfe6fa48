"""The planes of a JPEG as they are in the file, at a fraction of its size.

Pillow reads pixels only: libjpeg makes the chroma as large as the luma, and computes red, green
and blue, from which the planes would have to be computed again. Here libjpeg gives the planes
alone: a fifth less work, and a third of the memory.

Sources: libjpeg-turbo 3.2, jpeglib.h; libjpeg.txt, "Raw (downsampled) image data" and "Data
source managers"; jdmaster.c, jpeg_calc_output_dimensions.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from contextlib import ExitStack
from typing import BinaryIO, NamedTuple

from PIL import Image

from progimage.imaging.codecs import libjpeg
from progimage.imaging.codecs.jpeg_plain import Component, plain_components
from progimage.imaging.codecs.libjpeg import (
    OnCall,
    OnMessage,
    Pointer,
    RowPointers,
    address_in,
    address_of,
)

_CHUNK_BYTES = 1 << 16
_END = b"\xff\xd9"
_BLOCK = 8

_OnFill = ctypes.CFUNCTYPE(ctypes.c_int, Pointer)
_OnSkip = ctypes.CFUNCTYPE(None, Pointer, ctypes.c_long)


class Components(NamedTuple):
    """The planes of a JPEG, in mode L.

    Attributes:
        chroma: Cb and Cr, with half the sides of `luma`, rounded up; empty if it is grey.
    """

    luma: Image.Image
    chroma: tuple[Image.Image, ...]


class _Memory(ctypes.Structure):
    """`jpeg_memory_mgr` up to a function that is called once all parts of a decoder are there.

    `reserve` is its `realize_virt_arrays`.
    """

    _fields_ = (("functions", Pointer * 6), ("reserve", Pointer))


class _Source(ctypes.Structure):
    """`jpeg_source_mgr`."""

    _fields_ = (
        ("next", Pointer),
        ("left", ctypes.c_size_t),
        ("on_start", OnCall),
        ("on_fill", _OnFill),
        ("on_skip", _OnSkip),
        ("on_restart", Pointer),
        ("on_end", OnCall),
    )


class _Plane(ctypes.Structure):
    """`jpeg_component_info`; sizes are in blocks of the file, `block` is `DCT_scaled_size`."""

    _fields_ = (
        ("number", ctypes.c_int * 2),
        ("wide", ctypes.c_int),
        ("high", ctypes.c_int),
        ("tables", ctypes.c_int * 3),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("block", ctypes.c_int),
        ("rest", ctypes.c_int * 9),
        ("quantizer", Pointer),
        ("work", Pointer),
    )


class _Decompression(ctypes.Structure):
    """`jpeg_decompress_struct` up to the last of its members that is used here."""

    _fields_ = (
        ("errors", ctypes.POINTER(libjpeg.Errors)),
        ("memory", ctypes.POINTER(_Memory)),
        ("progress", Pointer),
        ("client", Pointer),
        ("state", ctypes.c_int * 2),
        ("source", ctypes.POINTER(_Source)),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("count", ctypes.c_int),
        ("colour_space", ctypes.c_int),
        ("wanted_colour_space", ctypes.c_int),
        ("eighths", ctypes.c_uint),
        ("of_eighths", ctypes.c_uint),
        ("gamma", ctypes.c_double),
        ("is_buffered", ctypes.c_int),
        ("gives_planes", ctypes.c_int),
        ("settings", ctypes.c_int * 16),
        ("colour_map", Pointer),
        ("progressed", ctypes.c_int * 5),
        ("coefficient_bits", Pointer),
        ("tables", Pointer * 12),
        ("precision", ctypes.c_int),
        ("planes", ctypes.POINTER(_Plane)),
        ("room", ctypes.c_byte * libjpeg.ROOM_BYTES),
    )


def components(head: bytes, file: BinaryIO, eighths: int) -> Components | None:
    """Return the planes of a JPEG at so many eighths of its size, with its sides rounded up.

    None for one that is not plain, is damaged, or holds other colours, and where the library is
    missing. A lack of memory within the library ends this process.

    Args:
        head: the file up to its first scan.
        file: gives the rest.

    Raises:
        OSError: the file cannot be read.
        MemoryError: it cannot be read for lack of memory.
    """
    library = libjpeg.library()
    if library is None:
        return None
    first = file.read(_CHUNK_BYTES)
    plain = plain_components(head + first)
    if not plain:
        return None
    with ExitStack() as until_read:
        reading = _Reading(library, head + first, file, until_read)
        return reading.components(plain, eighths)


class _Rows:
    """The bytes of one plane, and pointers to its rows."""

    def __init__(self, plane: _Plane, eighths: int) -> None:
        step = plane.high * eighths
        self.width = plane.width * eighths
        height = -(-plane.height // plane.high) * step
        self.data = bytearray(self.width * height)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.data))
        self.rows = RowPointers(start, self.width, height, step)


class _Reading:
    """One decoder. What libjpeg calls back is kept as long as it."""

    def __init__(
        self, library: ctypes.CDLL, first: bytes, file: BinaryIO, until_read: ExitStack
    ) -> None:
        self._library = library
        self._file = file
        self._is_good = True
        self._fault: BaseException | None = None
        # What is called back leads here again, and would stay until the next search for cycles.
        until_read.callback(vars(self).clear)
        self._errors = libjpeg.Errors()
        library.jpeg_std_error(ctypes.byref(self._errors))
        self._errors.on_message = OnMessage(self._note)
        self._this = _Decompression(errors=ctypes.pointer(self._errors))
        self._at = ctypes.byref(self._this)
        library.jpeg_CreateDecompress(self._at, libjpeg.API_VERSION, libjpeg.DECOMPRESSION_BYTES)
        until_read.callback(library.jpeg_destroy_decompress, self._at)
        nothing = OnCall(lambda _: None)
        self._source = _Source(
            on_start=nothing,
            on_fill=_OnFill(self._fill),
            on_skip=_OnSkip(self._skip),
            on_restart=address_in(library.jpeg_resync_to_restart),
            on_end=nothing,
        )
        self._give(first)
        self._this.source = ctypes.pointer(self._source)

    def components(self, plain: Sequence[Component], eighths: int) -> Components | None:
        """Return what the function of this name does."""
        this = self._this
        self._library.jpeg_read_header(self._at, 1)
        if this.colour_space != (libjpeg.YCBCR if len(plain) > 1 else libjpeg.GREY):
            return None
        this.wanted_colour_space, this.gives_planes = this.colour_space, 1
        this.eighths, this.of_eighths = eighths, _BLOCK
        self._keep_chroma_small(eighths)
        self._library.jpeg_start_decompress(self._at)
        if any(this.planes[number].block != eighths for number in range(len(plain))):
            return None  # more would be written than there is room for
        planes = [_Rows(this.planes[number], eighths) for number in range(len(plain))]
        of_call, rows = Pointer * len(planes), plain[0].high * eighths
        for call in zip(*(plane.rows.calls for plane in planes), strict=True):
            read = self._library.jpeg_read_raw_data(self._at, of_call(*call), rows)
            self._is_good = self._is_good and read == rows
            if not self._is_good:
                break
        if self._fault is not None:
            raise self._fault
        return self._images(planes, plain, eighths) if self._is_good else None

    def _keep_chroma_small(self, eighths: int) -> None:
        """Have libjpeg give the chroma at the same fraction as the luma.

        Of its own it gives chroma that has half the sides of the luma at twice the fraction, so
        that it need not be enlarged. That is decided before memory is reserved for the parts of
        the decoder, and used afterwards.
        """
        memory = self._this.memory.contents
        reserve = OnCall(memory.reserve)

        def reserve_and_set(this: int) -> None:
            for number in range(self._this.count):
                self._this.planes[number].block = eighths
            reserve(this)

        self._hook = OnCall(reserve_and_set)
        memory.reserve = address_in(self._hook)

    def _images(
        self, planes: Sequence[_Rows], plain: Sequence[Component], eighths: int
    ) -> Components:
        found: list[Image.Image] = []
        for plane, component in zip(planes, plain, strict=True):
            # How many times smaller than the luma this plane is in the file.
            across, down = plain[0].wide // component.wide, plain[0].high // component.high
            width = -(-self._this.width * eighths // (_BLOCK * across))
            height = -(-self._this.height * eighths // (_BLOCK * down))
            image = Image.frombuffer("L", (width, height), plane.data, "raw", "L", plane.width, 1)
            has_its_size = not found or (across, down) == (2, 2)
            found.append(image if has_its_size else image.reduce((2 // across, 2 // down)))
        return Components(found[0], tuple(found[1:]))

    def _note(self, _: int, level: int) -> None:
        if level < 0:
            self._is_good = False

    def _fill(self, _: int) -> int:
        chunk = b""
        try:
            chunk = self._file.read(_CHUNK_BYTES)
        except BaseException as error:
            self._fault = error
        if not chunk:
            self._is_good = False
        self._give(chunk or _END)
        return 1

    def _give(self, chunk: bytes) -> None:
        self._chunk = chunk
        self._source.next = address_of(chunk)
        self._source.left = len(chunk)

    def _skip(self, _: int, count: int) -> None:
        skipped = min(max(count, 0), self._source.left)
        self._source.next += skipped
        self._source.left -= skipped
