"""A photograph as planes: its luma, and two planes of chroma with half the sides.

A JPEG holds colours like this too. Each plane is scaled by itself and goes into the next JPEG
without a conversion: half the work of scaling red, green and blue, and no rounding on the way.

Files have the planes as they are, so that reading them takes no decoding: a YUV4MPEG2 stream
of one frame, `C420jpeg` or, of a grey picture, `Cmono`, which ffmpeg plays.
Sources: yuv4mpeg(5) of MJPEG Tools; JFIF 1.02 for the conversion and the place of the chroma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from typing import Any, BinaryIO

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.jpeg_planes import extended
from progimage.imaging.codecs.picture import Box
from progimage.imaging.resampling import resized

Size = tuple[int, int]

MAGIC = b"YUV4MPEG2 "
_COLOUR, _MONO = b"C420jpeg", b"Cmono"
_HEADER = re.compile(
    MAGIC + rb"W([1-9][0-9]{0,5}) H([1-9][0-9]{0,5}) F1:1 Ip A1:1 (C420jpeg|Cmono)\nFRAME\n"
)
_HEADER_BYTES = 100

# Of red, green and blue to Cb and Cr, and of luma, Cb and Cr back: the last number of a row is
# added. Pillow rounds what such a matrix gives to the nearest, where its own conversions to and
# from YCbCr round down. In multiples of 1/8192 all sums are exact, on every kind of processor.
_GREY = 128
_CB = (-1382 / 8192, -2714 / 8192, 4096 / 8192, _GREY)
_CR = (4096 / 8192, -3430 / 8192, -666 / 8192, _GREY)
_RED, _BLUE, _GREEN = 11485 / 8192, 14516 / 8192, (-2819 / 8192, -5850 / 8192)
_TO_RGB = (
    *(1, 0, _RED, -_GREY * _RED),
    *(1, *_GREEN, -_GREY * sum(_GREEN)),
    *(1, _BLUE, 0, -_GREY * _BLUE),
)


@dataclass(frozen=True, slots=True)
class Planes:
    """The planes of one picture, in mode L; `chroma` is Cb and Cr, or empty if it is grey."""

    luma: Image.Image
    chroma: tuple[Image.Image, ...]

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.luma.size

    def close(self) -> None:
        """Give up the memory of the planes."""
        for plane in (self.luma, *self.chroma):
            plane.close()

    def scaled(self, size: Size, box: Box, *, vertical_first: bool = False) -> Planes:
        """Return `box`, in pixels of the luma, at `size`.

        Where a side is odd, the last chroma reaches half a pixel of the luma over the edge,
        so the chroma is repeated there.
        """
        if size == self.size and box == (0, 0, *size):
            return self
        luma = resized(self.luma, size, box, vertical_first=vertical_first)
        if not self.chroma:
            return Planes(luma, ())
        half = (size[0] + 1) // 2, (size[1] + 1) // 2
        right = box[0] / 2 + half[0] * (box[2] - box[0]) / size[0]
        bottom = box[1] / 2 + half[1] * (box[3] - box[1]) / size[1]
        reach = max(self.chroma[0].width, ceil(right)), max(self.chroma[0].height, ceil(bottom))
        part = box[0] / 2, box[1] / 2, right, bottom
        chroma = (
            resized(extended(plane, reach), half, part, vertical_first=True)
            for plane in self.chroma
        )
        return Planes(luma, tuple(chroma))

    def joined(self, size: Size, box: Box) -> Image.Image:
        """Return `box`, in pixels of the luma, at `size`: a picture in mode YCbCr or L."""
        is_whole = size == self.size and box == (0, 0, *size)
        luma = self.luma if is_whole else resized(self.luma, size, box)
        if not self.chroma:
            return luma
        half = box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2
        return Image.merge("YCbCr", [luma, *(resized(plane, size, half) for plane in self.chroma)])

    def as_picture(self) -> Image.Image:
        """Return a picture of the same size in mode RGB or L."""
        frame = self.joined(self.size, (0, 0, *self.size))
        return to_rgb(frame) if self.chroma else frame


def of(frame: Image.Image) -> Planes:
    """Return the planes of a picture in mode L or RGB."""
    if frame.mode == "L":
        return Planes(frame, ())
    half = frame.reduce(2)
    chroma = half.convert("L", _CB), half.convert("L", _CR)
    half.close()  # memory is short when copies are made
    return Planes(frame.convert("L"), chroma)


def to_rgb(frame: Image.Image) -> Image.Image:
    """Return a picture in mode YCbCr as RGB."""
    return frame.convert("RGB", _TO_RGB)


def write(planes: Planes, file: BinaryIO) -> None:
    """Write a file that `read` reads."""
    width, height = planes.size
    kind = _COLOUR if planes.chroma else _MONO
    file.write(MAGIC + b"W%d H%d F1:1 Ip A1:1 %s\nFRAME\n" % (width, height, kind))
    for plane in (planes.luma, *planes.chroma):
        file.write(plane.tobytes())


def read(file: BinaryIO) -> Planes:
    """Read what `write` wrote.

    Raises:
        CorruptPicture: the header or the length of the file is wrong.
    """
    data = file.read()
    header = _HEADER.match(data[:_HEADER_BYTES])
    if header is None:
        raise CorruptPicture("the header of the planes is damaged")
    size = int(header[1]), int(header[2])
    sizes = [size]
    if header[3] == _COLOUR:
        sizes += [((size[0] + 1) // 2, (size[1] + 1) // 2)] * 2
    position = header.end()
    if len(data) - position != sum(width * height for width, height in sizes):
        raise CorruptPicture("the planes have another length than their header says")
    planes = []
    for width, height in sizes:
        part: Any = memoryview(data)[position : position + width * height]  # without copying it
        planes.append(Image.frombuffer("L", (width, height), part, "raw", "L", 0, 1))
        position += width * height
    return Planes(planes[0], tuple(planes[1:]))
