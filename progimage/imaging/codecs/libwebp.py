"""Still WebP pictures by libwebp's plain decoder.

Pillow decodes every WebP through the animation decoder, with two more copies of the
canvas. Called directly, the same library takes half the time.

The library is the one Pillow has loaded. Where it cannot be found, as with a Pillow
linked statically, `load` returns None and Pillow decodes.
Source: libwebp, src/webp/decode.h, decoder ABI 2.9.
"""

from __future__ import annotations

import ctypes
from functools import cache

from PIL import Image

from progimage.imaging.codecs.shared_library import load_library

_DECODER_ABI = 0x0209
_MODE_RGBA = 1


class _RgbaBuffer(ctypes.Structure):
    _fields_ = (("rgba", ctypes.c_void_p), ("stride", ctypes.c_int), ("size", ctypes.c_size_t))


class _YuvaBuffer(ctypes.Structure):
    """Unused, but it is the larger member of the union and gives it its size."""

    _fields_ = (
        ("planes", ctypes.c_void_p * 4),
        ("strides", ctypes.c_int * 4),
        ("sizes", ctypes.c_size_t * 4),
    )


class _Buffer(ctypes.Union):
    _fields_ = (("rgba", _RgbaBuffer), ("yuva", _YuvaBuffer))


class _Features(ctypes.Structure):
    _fields_ = (("values", ctypes.c_int * 5), ("padding", ctypes.c_uint32 * 5))


class _Output(ctypes.Structure):
    _fields_ = (
        ("colour_space", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("is_external_memory", ctypes.c_int),
        ("buffer", _Buffer),
        ("padding", ctypes.c_uint32 * 4),
        ("private_memory", ctypes.c_void_p),
    )


class _Options(ctypes.Structure):
    _fields_ = (
        ("filtering_and_cropping", ctypes.c_int * 7),
        ("use_scaling", ctypes.c_int),
        ("scaled_width", ctypes.c_int),
        ("scaled_height", ctypes.c_int),
        ("threads_dithering_flip", ctypes.c_int * 4),
        ("padding", ctypes.c_uint32 * 5),
    )


class _Config(ctypes.Structure):
    _fields_ = (("input", _Features), ("output", _Output), ("options", _Options))


def load(data: bytes, size: tuple[int, int], *, has_alpha: bool) -> Image.Image | None:
    """Decode a still WebP of `size`; RGBA, or RGBX if it has no alpha.

    None if the library is missing, or declines: the file is damaged or animated.
    """
    webp = library()
    if webp is None:
        return None
    config = _Config()
    if not webp.WebPInitDecoderConfigInternal(ctypes.byref(config), _DECODER_ABI):
        return None
    width, height = size
    pixels = bytearray(width * height * 4)
    config.output.colour_space = _MODE_RGBA
    config.output.is_external_memory = 1
    config.output.buffer.rgba.rgba = ctypes.addressof(ctypes.c_char.from_buffer(pixels))
    config.output.buffer.rgba.stride = width * 4
    config.output.buffer.rgba.size = len(pixels)
    if webp.WebPDecode(data, ctypes.c_size_t(len(data)), ctypes.byref(config)) != 0:
        return None
    mode = "RGBA" if has_alpha else "RGBX"
    return Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)


@cache
def library() -> ctypes.CDLL | None:
    """Return libwebp, or None where there is none."""
    return load_library("libwebp")
