"""JPEG 2000: by Pillow, and colours of more than 8 bits by OpenJPEG.

Source: ITU-T T.800, A.5.1 (SIZ) and I.5.3.3 (colour specification box).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import isobmff, openjpeg, sixteen_bits
from progimage.imaging.codecs.formats import JPEG2000
from progimage.imaging.codecs.icc import is_sound
from progimage.imaging.codecs.readers.pillow import PillowReader
from progimage.imaging.codecs.readers.reader import (
    Frame,
    Size,
    as_resource,
    with_exif_header,
)

_SIZE_SEGMENT = b"\xff\x4f\xff\x51"
_RESTRICTED_ICC, _ANY_ICC = 2, 3
_SIXTEEN_BITS = 65_535
_MAX_CHANNELS = 5
# Source: Adobe, XMP part 3, 1.1.4; ExifTool, JPEG 2000 tags.
_EXIF = b"JpgTiffExif->JP2"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


@dataclass(frozen=True, slots=True)
class _Header:
    """The bits of each component, the size of the reference grid, and that of the picture."""

    bits: list[int]
    grid: Size
    size: Size


class Jpeg2000Reader(PillowReader):
    """A JPEG 2000 picture, in its container or bare."""

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        super().__init__(data, JPEG2000, accepts_damage=accepts_damage)
        header = _header(data)
        if header.grid != self.size:
            # The decoder would make room for what only one of the two says.
            raise CorruptPicture("the sizes in the JPEG 2000 picture differ; send it again")
        self._channels, self._is_coarse = header.bits, header.size != header.grid
        self.size = header.size
        self.colour = self.colour or _profile(data)
        self.is_tagged = self.colour is not None
        metadata = _metadata(data)
        self.exif = with_exif_header(metadata.get(_EXIF, b""))
        self.xmp = metadata.get(_XMP, b"")
        self.iptc = as_resource(metadata.get(_IPTC, b""))

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the picture; see `Reader`."""
        is_deep = 1 < len(self._channels) <= _MAX_CHANNELS and max(self._channels) > 8
        found = openjpeg.decoded(self._data) if is_deep or self._is_coarse else None
        if found is None:
            if self._is_coarse:
                raise CorruptPicture("the JPEG 2000 picture has a coarse grid, which is not read")
            yield from super().frames(count, target)
            return
        yield Frame(self._joined(*found))

    def _joined(self, channels: Sequence[openjpeg.Channel], colour_space: int) -> Image.Image:
        """Return channels as one image of 8 bits, by way of the profile where there is one."""
        colours = [channel for channel in channels if not channel.is_alpha]
        alpha = next((channel for channel in channels if channel.is_alpha), None)
        if alpha is None and len(colours) in (2, 4) and colour_space != openjpeg.CMYK:
            *colours, alpha = colours
        wide = [self._full(channel) for channel in colours[: 3 if len(colours) == 3 else 1]]
        if colour_space == openjpeg.CMYK and len(colours) == 4:
            inks = [sixteen_bits.to_eight_bits([self._full(channel)]) for channel in colours]
            return Image.merge("CMYK", inks)
        shaped = None
        if isinstance(self.colour, bytes):
            shaped = sixteen_bits.managed(wide, self.colour)
        if shaped:
            image, self.colour = shaped
        else:
            image = sixteen_bits.to_eight_bits(wide)
        if colour_space == openjpeg.SYCC and image.mode == "RGB":
            image = Image.merge("YCbCr", image.split()).convert("RGB")
        if alpha is None:
            return image
        opacity = sixteen_bits.to_eight_bits([self._full(alpha)])
        return Image.merge(image.mode + "A", (*image.split(), opacity))

    def _full(self, channel: openjpeg.Channel) -> Image.Image:
        """Return a channel as I;16, of the size of the picture."""
        image = channel.image
        if channel.top != _SIXTEEN_BITS:
            scale = _SIXTEEN_BITS / channel.top
            image = image.convert("F").point(lambda value: value * scale + 0.5).convert("I")
        if image.size != self.size:
            image = image.resize(self.size, Image.Resampling.NEAREST)
        return image.convert("I;16")


def _header(data: bytes) -> _Header:
    """Return what the codestream says."""
    at = data.find(_SIZE_SEGMENT)
    right, bottom, left, top = (
        int.from_bytes(data[at + place : at + place + 4], "big") for place in (8, 12, 16, 20)
    )
    count = int.from_bytes(data[at + 40 : at + 42], "big") if at >= 0 else 0
    depths, across, down = (data[at + 42 + n : at + 42 + 3 * count : 3] for n in range(3))
    # Where even the finest component has a point for several of the grid, its points count.
    step_x, step_y = max(min(across, default=1), 1), max(min(down, default=1), 1)
    size = -(-right // step_x) - -(-left // step_x), -(-bottom // step_y) - -(-top // step_y)
    return _Header([(depth & 0x7F) + 1 for depth in depths], (right - left, bottom - top), size)


def _metadata(data: bytes) -> dict[bytes, bytes]:
    """Return what the uuid boxes of a container hold, by their identifiers."""
    return {
        data[box.start : box.start + 16]: data[box.start + 16 : box.end]
        for box in isobmff.boxes(data)
        if box.path == (b"uuid",)
    }


def _profile(data: bytes) -> bytes | None:
    """Return the ICC profile of a container."""
    for box in isobmff.boxes(data):
        if box.path == (b"jp2h", b"colr") and data[box.start] in (_RESTRICTED_ICC, _ANY_ICC):
            profile = data[box.start + 3 : box.end]
            return profile if is_sound(profile) else None
    return None
