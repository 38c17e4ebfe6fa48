"""PNG and APNG, chunk by chunk.

Only the pixels go through Pillow. Its own reader stops at a wrong checksum in a comment,
refuses long texts and profiles, and composes animations differently than browsers do.
Source: PNG (third edition), W3C 2025.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image, ImageChops

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import sixteen_bits
from progimage.imaging.codecs.colour_management import plain
from progimage.imaging.codecs.readers.apng import Animation, FrameControl, animation
from progimage.imaging.codecs.readers.partial import decode_partly, shown_part, with_gaps
from progimage.imaging.codecs.readers.png_chunks import XMP_KEYWORD, Chunk, chunks, xmp_of
from progimage.imaging.codecs.readers.png_colour import colour_of
from progimage.imaging.codecs.readers.png_damage import filled, intact_part
from progimage.imaging.codecs.readers.reader import (
    Frame,
    Reader,
    Size,
    duration_ms,
    exif_orientation,
    with_exif_header,
)

# By colour type and depth: Pillow's mode and raw mode.
_MODES = {
    (0, 1): ("1", "1"),
    (0, 2): ("L", "L;2"),
    (0, 4): ("L", "L;4"),
    (0, 8): ("L", "L"),
    (0, 16): ("I;16", "I;16B"),
    (2, 8): ("RGB", "RGB"),
    (2, 16): ("RGB", "RGB;16B"),
    (3, 1): ("P", "P;1"),
    (3, 2): ("P", "P;2"),
    (3, 4): ("P", "P;4"),
    (3, 8): ("P", "P"),
    (4, 8): ("LA", "LA"),
    # Two bytes of grey and two of alpha; the channels are taken apart below.
    (4, 16): ("CMYK", "CMYK"),
    (6, 8): ("RGBA", "RGBA"),
    (6, 16): ("RGBA", "RGBA;16B"),
}


# Behind the pixels they do not count. Source: PNG, table 7.
_COLOUR_CHUNKS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cLLI", b"mDCV")

_MAX_TRANSPARENCY = 256


class PngReader(Reader):
    """A PNG, still or animated."""

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._pixels: list[bytes] = []
        self._palette = b""
        self._transparency = b""
        self._has_late_exif = False
        found: list[Chunk] = []
        meta: dict[bytes, bytes] = {}
        has_end = False
        for chunk in chunks(data):
            if self._is_usable(chunk, has_pixels=bool(self._pixels)):
                has_end = has_end or chunk.kind == b"IEND"
                found.append(chunk)
                self._take(chunk, meta)
        if found[:1] == [] or found[0].kind != b"IHDR" or len(found[0].data) != 13:
            raise CorruptPicture("the PNG does not begin with its header; send a whole one")
        width, height, self._depth, self._type, _, _, self._is_interlaced = struct.unpack(
            ">IIBBBBB", found[0].data
        )
        if (self._type, self._depth) not in _MODES or not self._pixels:
            raise CorruptPicture("the PNG has no pixels that can be read; send a whole one")
        self.size = (width, height)
        has_few_colours = self._type == 3 or (self._type == 0 and self._depth < 8)
        self.coding = "palette" if has_few_colours else ""
        if self._type == 3 and not self._palette:
            raise CorruptPicture("the PNG lacks its palette; send a whole one")
        if not has_end:
            self.note_damage("the end of the PNG is missing")
        self._animation: Animation | None = None
        if b"acTL" in meta:
            self._animate(found, meta[b"acTL"])
        self.colour, self.is_tagged = colour_of(meta)
        self._profile = self.colour if isinstance(self.colour, bytes) else None
        self.exif = with_exif_header(meta.get(b"eXIf", b""))
        # As in browsers neither a block behind the pixels turns them, nor one as in a JPEG.
        is_bare = meta.get(b"eXIf", b"")[:2] in (b"II", b"MM")
        if is_bare and not self._has_late_exif:
            self.turn_by = exif_orientation(self.exif)

    def _is_usable(self, chunk: Chunk, *, has_pixels: bool) -> bool:
        """True if a chunk should be read; a broken one is damage, and may be the last."""
        if chunk.is_intact:
            return True
        name = chunk.kind.decode("latin-1")
        if chunk.kind in (b"IDAT", b"fdAT"):
            # What it holds may be enough; the decoder finds out.
            self.note_damage(f"a chunk of pixels ({name}) is cut short or has a wrong checksum")
            return True
        is_needed = not chunk.kind[:1].islower()
        if is_needed and chunk.kind != b"IEND" and not has_pixels:
            raise CorruptPicture(f"the PNG's chunk {name} is damaged; send the picture again")
        self.note_damage(f"the chunk {name} is cut short or has a wrong checksum")
        return False

    def _take(self, chunk: Chunk, meta: dict[bytes, bytes]) -> None:
        if chunk.kind == b"IDAT":
            self._pixels.append(chunk.data)
        elif chunk.kind == b"PLTE" and not self._palette:
            self._palette = chunk.data[: min(len(chunk.data) // 3, 256) * 3]
            # What stands before the palette does not belong to it.
            self._transparency = b""
        elif chunk.kind == b"tRNS":
            is_first = not self._transparency and not self._pixels
            if is_first and len(chunk.data) <= _MAX_TRANSPARENCY:
                self._transparency = chunk.data
        elif chunk.kind == b"iTXt":
            if chunk.data.startswith(XMP_KEYWORD + b"\0"):
                self.xmp = xmp_of(chunk.data)
        elif chunk.kind not in meta and not (self._pixels and chunk.kind in _COLOUR_CHUNKS):
            meta[chunk.kind] = chunk.data
            if chunk.kind == b"eXIf" and self._pixels:
                self._has_late_exif = True

    def _animate(self, found: list[Chunk], control: bytes) -> None:
        """Take the file for an animation, or for a still where its frames are not in order."""
        try:
            self._animation = animation(
                ((chunk.kind, chunk.data) for chunk in found), control, self.size
            )
        except ValueError as error:
            self.note_damage(f"the animation cannot be played: {error}", loses_pixels=True)
            return
        if self._animation is None:
            return
        self.frame_count = len(self._animation.frames)
        self.plays = self._animation.plays
        if self._animation.broken:
            self.note_damage(f"the animation: {self._animation.broken}", loses_pixels=True)

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the frames; see `Reader`."""
        if self._animation is None:
            image, gaps = self._decoded(b"".join(self._pixels), self.size)
            if gaps is not None:
                self.check_shown(shown_part(gaps))
                self.note_damage("the pixels end early", loses_pixels=True)
                image = with_gaps(plain(image), gaps)
            yield Frame(image)
            return
        for control, image in self._animation.composed(self._frame, count):
            yield Frame(image, duration_ms(control.duration_ms))

    def _frame(self, control: FrameControl, data: bytes) -> Image.Image | None:
        """Return one frame of an animation as RGBA; None if there is nothing of it."""
        image, gaps = self._decoded(data, control.size)
        image = plain(image)
        if gaps is not None:
            self.note_damage("the pixels of a frame end early", loses_pixels=True)
            if shown_part(gaps) == 0:
                return None
            image = with_gaps(image, gaps)
        return image.convert("RGBA")

    def _decoded(self, data: bytes, size: Size) -> tuple[Image.Image, Image.Image | None]:
        """Return pixels with their transparency, and a mask of those that are missing."""
        mode, raw = _MODES[self._type, self._depth]
        image, gaps = decode_partly(mode, size, data, "zip", raw, self._is_interlaced)
        if gaps is not None:
            data = intact_part(data)
            image, gaps = decode_partly(mode, size, data, "zip", raw, self._is_interlaced)
        if gaps is not None and self._is_interlaced:
            image, gaps = filled(image, gaps)
        if self._type == 3:
            # Browsers show the last colour for an index beyond the palette.
            rest = 256 - len(self._palette) // 3
            image.putpalette(self._palette + self._palette[-3:] * rest)
            if self._transparency:
                image.info["transparency"] = self._transparency
            return image, gaps
        if self._depth == 16:
            return self._of_sixteen_bits(image, data, size), gaps
        if self._type in (0, 2) and len(self._transparency) >= 2 * len(image.getbands()):
            image = self._with_key(image)
        return image, gaps

    def _with_key(self, image: Image.Image) -> Image.Image:
        """Make the pixels of one colour transparent. Source: PNG, 11.3.1.1."""
        image = image.convert("L") if image.mode == "1" else image
        top = (1 << self._depth) - 1
        alpha: Image.Image | None = None
        for band, channel in enumerate(image.split()):
            # The high byte is to be 0, and is not looked at.
            key = self._transparency[2 * band + 1]
            differs = [255] * 256
            if key <= top:
                differs[key * 255 // top] = 0
            seen = channel.point(differs)
            alpha = ImageChops.lighter(alpha, seen) if alpha else seen
        return Image.merge(image.mode + "A", (*image.split(), alpha or image))

    def _of_sixteen_bits(self, image: Image.Image, data: bytes, size: Size) -> Image.Image:
        """Return samples of 16 bits as 8, by way of the profile where there is one."""
        if self._type in (2, 6) and not self._profile and not self._transparency:
            return image
        channels, alpha = self._channels(image, data, size)
        if self._type in (0, 2) and len(self._transparency) >= 2 * len(channels):
            for band, channel in enumerate(channels):
                key = int.from_bytes(self._transparency[2 * band : 2 * band + 2], "big")
                differs = b"\xff" * key + b"\0" + b"\xff" * (65_535 - key)
                seen = sixteen_bits.looked_up(channel, differs)
                alpha = ImageChops.lighter(alpha, seen) if alpha else seen
        shaped = sixteen_bits.managed(channels, self._profile) if self._profile else None
        if shaped is None:
            colours = sixteen_bits.to_eight_bits(channels)
        else:
            colours, self.colour = shaped
        if alpha is not None:
            colours = Image.merge(colours.mode + "A", (*colours.split(), alpha))
        return colours

    def _channels(
        self, image: Image.Image, data: bytes, size: Size
    ) -> tuple[list[Image.Image], Image.Image | None]:
        """Return the colour channels as I;16, and alpha as L."""
        if self._type == 0:
            return [image], None
        if self._type == 4:
            grey_high, grey_low, alpha, _ = image.split()
            return [sixteen_bits.join(grey_high.tobytes(), grey_low.tobytes(), size)], alpha
        # Read as little-endian the same samples give their low bytes.
        low, _ = decode_partly(
            image.mode, size, data, "zip", f"{image.mode};16L", self._is_interlaced
        )
        channels = [
            sixteen_bits.join(high.tobytes(), below.tobytes(), size)
            for high, below in zip(image.split()[:3], low.split()[:3], strict=True)
        ]
        return channels, image.getchannel("A") if self._type == 6 else None
