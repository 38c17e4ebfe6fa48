"""The samples of a JPEG 2000 picture, as OpenJPEG decodes them.

Pillow rounds colours of more than 8 bits so that white becomes black. The library it brings
along is therefore called here directly. Where it cannot be found, as with a Pillow linked
statically, `decoded` returns None.
Source: OpenJPEG 2.5, openjpeg.h (opj_image_t, opj_image_comp_t, OPJ_COLOR_SPACE).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryFile
from typing import Any

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.shared_library import Declaration, declare, load_library

SYCC, CMYK = 3, 5
_CODESTREAM, _JP2 = 0, 2
_MAX_CHANNELS = 5
# `opj_dparameters_t` has two paths of 4,096 bytes and some numbers.
_PARAMETER_BYTES = 16_384


class _Component(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("dx", "dy", "width", "height", "x0", "y0")),
        *((name, ctypes.c_uint32) for name in ("bits", "unused", "is_signed", "level", "factor")),
        ("data", ctypes.POINTER(ctypes.c_int32)),
        ("alpha", ctypes.c_uint16),
    )


class _Image(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("x0", "y0", "x1", "y1", "count")),
        ("colour_space", ctypes.c_int32),
        ("components", ctypes.POINTER(_Component)),
        ("profile", ctypes.c_void_p),
        ("profile_bytes", ctypes.c_uint32),
    )


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: an image of mode I, from 0 to `top`, and whether it is alpha."""

    image: Image.Image
    top: int
    is_alpha: bool


def decoded(data: bytes) -> tuple[list[Channel], int] | None:
    """Return the channels, palettes undone, and the number of the colour space.

    Raises:
        CorruptPicture: it is damaged.
    """
    library = _library()
    if library is None:
        return None
    codec = library.opj_create_decompress(_CODESTREAM if data[:2] == b"\xff\x4f" else _JP2)
    image = ctypes.POINTER(_Image)()
    stream = None
    try:
        parameters = ctypes.create_string_buffer(_PARAMETER_BYTES)
        library.opj_set_default_decoder_parameters(parameters)
        with TemporaryFile() as file:
            file.write(data)
            file.flush()
            path = f"/dev/fd/{file.fileno()}".encode()
            stream = library.opj_stream_create_default_file_stream(path, 1)
            is_decoded = (
                stream
                and library.opj_setup_decoder(codec, parameters)
                and library.opj_read_header(stream, codec, ctypes.byref(image))
                and library.opj_decode(codec, stream, image)
            )
        if not is_decoded or not 1 <= image.contents.count <= _MAX_CHANNELS:
            raise CorruptPicture("the JPEG 2000 picture is damaged; send it again")
        found = image.contents
        return [_channel(found.components[at]) for at in range(found.count)], found.colour_space
    finally:
        if image:
            library.opj_image_destroy(image)
        if stream:
            library.opj_stream_destroy(stream)
        library.opj_destroy_codec(codec)


def _channel(component: Any) -> Channel:
    size = component.width, component.height
    if not component.data or not 1 <= component.bits <= 16:
        raise CorruptPicture("the JPEG 2000 picture has samples that are not read")
    samples = ctypes.string_at(component.data, 4 * size[0] * size[1])
    image = Image.frombytes("I", size, samples)
    if component.is_signed:
        half = 1 << component.bits - 1
        image = image.point(lambda value: value * 1 + half)
    return Channel(image, (1 << component.bits) - 1, bool(component.alpha))


@cache
def _library() -> ctypes.CDLL | None:
    library = load_library("libopenjp2")
    if library is None:
        return None
    library.opj_version.restype = ctypes.c_char_p
    if not library.opj_version().startswith(b"2."):
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_int
    functions: tuple[Declaration, ...] = (
        ("opj_create_decompress", pointer, (number,)),
        ("opj_set_default_decoder_parameters", None, (pointer,)),
        ("opj_stream_create_default_file_stream", pointer, (ctypes.c_char_p, number)),
        ("opj_setup_decoder", number, (pointer, pointer)),
        ("opj_read_header", number, (pointer, pointer, pointer)),
        ("opj_decode", number, (pointer, pointer, pointer)),
        ("opj_image_destroy", None, (pointer,)),
        ("opj_stream_destroy", None, (pointer,)),
        ("opj_destroy_codec", None, (pointer,)),
    )
    declare(library, functions)
    return library
