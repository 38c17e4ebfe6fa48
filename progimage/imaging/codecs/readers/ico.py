"""Windows icons: the largest picture in the file, a PNG or a bitmap with its mask.

Source: Microsoft, "Icons" (ICONDIR, ICONDIRENTRY).
"""

from __future__ import annotations

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


class IcoReader(Reader):
    """An icon; its largest picture is used."""

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._bitmap: tuple[BmpHeader, bytes] | None = None
        self._png: PngReader | None = None
        for entry in _entries(data):
            try:
                self._open(entry)
            except CorruptPicture:
                self.note_damage("a picture of the icon cannot be read", loses_pixels=True)
                continue
            return
        raise CorruptPicture("the icon has no picture that can be read; send a whole one")

    def _open(self, entry: bytes) -> None:
        if entry.startswith(_PNG):
            self._png = PngReader(entry, accepts_damage=self.accepts_damage)
            self.size, self.colour = self._png.size, self._png.colour
            self.is_tagged = self._png.is_tagged
            return
        header = read_header(entry, 0)
        # The height counts the mask as well.
        header = replace(header, height=header.height // 2)
        if header.height < 1:
            raise CorruptPicture("the icon's picture has no rows")
        if header.bits == 32 and not header.masks[3]:
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


def _entries(data: bytes) -> Iterator[bytes]:
    """Yield the pictures of an icon, the largest first, then the deepest."""
    count = min(int.from_bytes(data[4:6], "little"), _MAX_ENTRIES)
    found = []
    for number in range(count):
        entry = data[6 + 16 * number :][:16]
        if len(entry) < 16:
            break
        size = int.from_bytes(entry[8:12], "little")
        offset = int.from_bytes(entry[12:16], "little")
        area = (entry[0] or 256) * (entry[1] or 256)
        found.append((area, int.from_bytes(entry[6:8], "little"), -number, offset, size))
    for _, _, _, offset, size in sorted(found, reverse=True):
        if size > 0 and offset < len(data):
            yield data[offset : offset + size]
