"""Windows icons and pointers: the largest picture in the file, a PNG or a bitmap with its mask.

Source: Microsoft, "Icons" (ICONDIR, ICONDIRENTRY).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image, ImageChops

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.colour_management import plain
from progimage.imaging.codecs.readers.bmp import BmpHeader, decode_bitmap, read_header
from progimage.imaging.codecs.readers.partial import shown_part, with_gaps
from progimage.imaging.codecs.readers.png import PngReader
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size

_PNG = b"\x89PNG"
_MAX_ENTRIES = 256
_ICON = 1


class IcoReader(Reader):
    """An icon; its largest picture is used."""

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._bitmap: tuple[BmpHeader, bytes] | None = None
        self._png: PngReader | None = None
        for entry in _entries(data):
            try:
                self._open(*entry)
            except CorruptPicture:
                self.note_damage("a picture of the icon cannot be read", loses_pixels=True)
                continue
            return
        raise CorruptPicture("the icon has no picture that can be read; send a whole one")

    def _open(self, entry: bytes, size: Size) -> None:
        if entry.startswith(_PNG):
            self._png = PngReader(entry, accepts_damage=self.accepts_damage)
            self.size, self.colour = self._png.size, self._png.colour
            self.is_tagged = self._png.is_tagged
            return
        header = read_header(entry, 0)
        if (header.width, header.height) != size:
            # The height counts the mask as well.
            header = replace(header, height=header.height // 2)
        if header.height < 1:
            raise CorruptPicture("the icon's picture has no rows")
        if header.bits == 32 and header.compression == 0 and not header.masks[3]:
            header = replace(header, masks=(*header.masks[:3], 0xFF000000))
        self._bitmap = header, entry[header.end :]
        self.size = header.width, header.height

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the picture, transparent where its alpha or its mask says so."""
        if self._png is not None:
            for frame in self._png.frames(1):
                self.colour = self._png.colour
                self.damage += self._png.damage
                yield frame
        elif self._bitmap is not None:
            yield Frame(self._with_mask(*self._bitmap))

    def _with_mask(self, header: BmpHeader, data: bytes) -> Image.Image:
        image, gaps = decode_bitmap(header, data)
        if gaps is not None:
            self.check_shown(shown_part(gaps))
            self.note_damage("the pixels end early", loses_pixels=True)
            return with_gaps(image, gaps)
        if image.mode == "RGBA":
            # Alpha counts, and the mask does not.
            return image
        stride = (header.width + 31) // 32 * 4
        start = header.stride * header.height
        mask = data[start : start + stride * header.height]
        if len(mask) < stride * header.height:
            self.note_damage("the icon's mask is cut short")
            return image
        hidden = Image.frombytes("1", self.size, mask, "raw", "1", stride).convert("L")
        if not header.is_top_down:
            hidden = hidden.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        return Image.merge("RGBA", (*plain(image).split(), ImageChops.invert(hidden)))


def _entries(data: bytes) -> Iterator[tuple[bytes, Size]]:
    """Yield the pictures and their sizes, the largest first, then the deepest."""
    count = min(int.from_bytes(data[4:6], "little"), _MAX_ENTRIES)
    is_icon = data[2] == _ICON
    found = []
    for number in range(count):
        entry = data[6 + 16 * number :][:16]
        if len(entry) < 16:
            break
        width, height, colours, _, _, bits, _, offset = struct.unpack("<BBBBHHII", entry)
        size = width or 256, height or 256
        # A pointer has its hot spot there. A picture that does not say its depth says how
        # many colours it has; 0 are 256.
        depth = (bits if is_icon else 0) or (colours or 256).bit_length() - 1
        found.append((size[0] * size[1], depth, -number, size, offset))
    for _, _, _, size, offset in sorted(found, reverse=True):
        if offset < len(data):
            # As in browsers the length does not count: some files say 0 or too little.
            yield data[offset:], size
