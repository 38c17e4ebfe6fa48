"""BMP and the bitmaps in icons: every header, depth and mask that browsers read.

Source: Microsoft, BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER and bitmap compression.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import sixteen_bits
from progimage.imaging.codecs.icc import is_sound
from progimage.imaging.codecs.readers.bmp_runs import decode_runs
from progimage.imaging.codecs.readers.partial import shown_part, with_gaps
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size

_FILE_HEADER_BYTES = 14
_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_V4_BYTES, _V5_BYTES = 108, 124
_PROFILE_EMBEDDED = b"DEBM"
_DEFAULT_MASKS = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True, slots=True)
class BmpHeader:
    """What the header says; `height` counts rows, stored bottom up unless `is_top_down`."""

    width: int
    height: int
    bits: int
    compression: int
    is_top_down: bool
    masks: tuple[int, int, int, int]
    palette: bytes = field(repr=False)
    end: int

    @property
    def stride(self) -> int:
        """Bytes a row takes: a multiple of four."""
        return (self.width * self.bits + 31) // 32 * 4


class BmpReader(Reader):
    """A BMP file."""

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._header = read_header(data, _FILE_HEADER_BYTES)
        start = int.from_bytes(data[10:14], "little")
        self._pixels = data[start if start >= 26 else self._header.end :]
        self.size = self._header.width, self._header.height
        self.coding = "palette" if self._header.bits <= 8 else ""
        self.colour = _embedded_profile(data)
        self.is_tagged = self.colour is not None

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the picture; what is missing at its end is transparent."""
        image, gaps = decode_bitmap(self._header, self._pixels)
        if gaps is not None:
            self.check_shown(shown_part(gaps))
            self.note_damage("the pixels end early", loses_pixels=True)
            image = with_gaps(image, gaps)
        yield Frame(image)


def _embedded_profile(data: bytes) -> bytes | None:
    """Return the ICC profile in a file with a header of version 5, if it has one."""
    header = data[_FILE_HEADER_BYTES : _FILE_HEADER_BYTES + _V5_BYTES]
    if header[:4] != _V5_BYTES.to_bytes(4, "little") or header[56:60] != _PROFILE_EMBEDDED:
        return None
    start, size = struct.unpack_from("<II", header.ljust(_V5_BYTES, b"\0"), 112)
    profile = data[_FILE_HEADER_BYTES + start :][:size]
    return profile if is_sound(profile) else None


def read_header(data: bytes, start: int) -> BmpHeader:
    """Read the header at `start`.

    Raises:
        CorruptPicture: it is damaged, or of a kind that is not known.
    """
    size = int.from_bytes(data[start : start + 4], "little")
    if size not in (12, 16, 40, 52, 56, 64, 108, 124) or len(data) < start + size:
        raise CorruptPicture("the BMP's header is damaged or of an unknown kind")
    compression, colours, masks = _RGB, 0, (0, 0, 0, 0)
    end = start + size
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, start + 4)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, start + 4)
        if size >= 40:
            compression = int.from_bytes(data[start + 16 : start + 20], "little")
            colours = int.from_bytes(data[start + 32 : start + 36], "little")
    is_top_down, height = height < 0, abs(height)
    if width < 1 or height < 1 or bits not in (1, 2, 4, 8, 16, 24, 32):
        raise CorruptPicture("the BMP's header says a size or depth that cannot be")
    if bits in _DEFAULT_MASKS:
        masks, end = _masks(data, start, size, bits, compression)
    palette = b""
    if bits <= 8:
        entry = 3 if size == 12 else 4
        count = min(colours or 1 << bits, 256)
        entries = data[end : end + count * entry]
        end += count * entry
        blues, greens, reds = (entries[at::entry] for at in range(3))
        palette = bytes(value for rgb in zip(reds, greens, blues, strict=False) for value in rgb)
    if compression not in _COMPRESSIONS.get(bits, (_RGB,)):
        raise CorruptPicture(f"the BMP is compressed in a way ({compression}) that is not read")
    return BmpHeader(width, height, bits, compression, is_top_down, masks, palette, end)


_COMPRESSIONS = {
    4: (_RGB, _RLE4),
    8: (_RGB, _RLE8),
    16: (_RGB, _BITFIELDS, _ALPHA_BITFIELDS),
    32: (_RGB, _BITFIELDS, _ALPHA_BITFIELDS),
}


def _masks(
    data: bytes, start: int, size: int, bits: int, compression: int
) -> tuple[tuple[int, int, int, int], int]:
    """Return the masks of red, green, blue and alpha, and where they end."""
    end = start + size
    stored = struct.unpack_from("<4I", data.ljust(start + 56, b"\0"), start + 40)
    if compression == _RGB:
        red, green, blue, _ = _DEFAULT_MASKS[bits]
        # Clipboards write a version 5 header whose alpha mask counts all the same.
        return (red, green, blue, stored[3] if size >= _V4_BYTES and bits == 32 else 0), end
    count = 4 if size >= 56 or compression == _ALPHA_BITFIELDS else 3
    if size < 52:
        end += 4 * count
    red, green, blue, alpha = stored
    return (red, green, blue, alpha if count == 4 else 0), end


def decode_bitmap(header: BmpHeader, pixels: bytes) -> tuple[Image.Image, Image.Image | None]:
    """Return P converted to RGB, RGB or RGBA, and a mask of the pixels that are not there."""
    gaps: Image.Image | None = None
    size = header.width, header.height
    if header.compression in (_RLE8, _RLE4) and header.bits <= 8:
        indices, drawn, reached = decode_runs(pixels, size, is_nibbles=header.compression == _RLE4)
        image = _with_palette(Image.frombytes("L", size, bytes(indices)), header)
        # Browsers show black where runs leave pixels out.
        skipped = Image.frombytes("L", size, bytes(drawn)).point([255] + [0] * 255)
        image.paste((0, 0, 0), mask=skipped)
        if reached < header.height:
            gaps = Image.new("L", size)
            gaps.paste(255, (0, reached, *size))
        return _upright(image, header), _upright(gaps, header) if gaps else None
    rows = min(len(pixels) // header.stride, header.height)
    needed = header.stride * header.height
    if rows < header.height:
        gaps = Image.new("L", size)
        gaps.paste(255, (0, rows, *size))
        gaps = _upright(gaps, header)
    pixels = pixels[: rows * header.stride].ljust(needed, b"\0")
    if header.bits <= 8:
        raw = "P" if header.bits == 8 else f"P;{header.bits}"
        image = Image.frombytes("P", size, pixels, "raw", raw, header.stride)
        indices_image = Image.frombytes("L", size, image.tobytes())
        return _with_palette(_upright(indices_image, header), header), gaps
    if header.bits == 24:
        image = Image.frombytes("RGB", size, pixels, "raw", "BGR", header.stride)
        return _upright(image, header), gaps
    return _upright(_masked(header, size, pixels), header), gaps


def _upright(image: Image.Image, header: BmpHeader) -> Image.Image:
    return image if header.is_top_down else image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def _with_palette(indices: Image.Image, header: BmpHeader) -> Image.Image:
    image = Image.frombytes("P", indices.size, indices.tobytes())
    image.putpalette(header.palette.ljust(768, b"\0"))
    return image.convert("RGB")


def _masked(header: BmpHeader, size: Size, pixels: bytes) -> Image.Image:
    """Take the channels out of pixels of 16 or 32 bits; alpha that is 0 everywhere is none."""
    channels = [_channel(header, size, pixels, mask) for mask in header.masks]
    if not header.masks[3] or channels[3].getextrema() == (0, 0):
        return Image.merge("RGB", channels[:3])
    return Image.merge("RGBA", channels)


def _channel(header: BmpHeader, size: Size, pixels: bytes, mask: int) -> Image.Image:
    if not mask:
        return Image.new("L", size)
    shift = (mask & -mask).bit_length() - 1
    width = min(mask.bit_length(), header.bits) - shift
    if width > 8:
        # Only eight bits are used.
        shift, width = shift + width - 8, 8
    first = min(shift // 8, header.bits // 8 - 2)
    words = pixels if header.bits == 16 else _words(pixels, first)
    image = Image.frombytes("I;16", size, words, "raw", "I;16", header.stride * 16 // header.bits)
    shift -= 8 * first if header.bits == 32 else 0
    top = (1 << width) - 1
    levels = bytes(((word >> shift) & top) * 255 // top for word in range(65_536))
    return sixteen_bits.looked_up(image, levels)


def _words(pixels: bytes, first: int) -> bytes:
    """Return two neighbouring bytes of every four."""
    words = bytearray(len(pixels) // 2)
    words[0::2], words[1::2] = pixels[first::4], pixels[first + 1 :: 4]
    return bytes(words)
