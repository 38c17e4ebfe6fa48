"""GIF, block by block, with frames composed as browsers do it.

Source: GIF89a specification, 17 to 26. Browsers differ from it in this: what no frame
covers is transparent rather than of the background's colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.readers.gif_codes import with_three_bits
from progimage.imaging.codecs.readers.partial import decode_partly, shown_part
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size, duration_ms
from progimage.imaging.codecs.structure import (
    GIF_EXTENSION,
    GIF_IMAGE,
    GIF_TRAILER,
    gif_blocks,
    palette_bytes,
)

_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_TO_BACKGROUND = 2
_TO_PREVIOUS = (3, 4)
_XMP = b"XMP DataXMP"
# Of a later frame only what is inside of the picture is shown, but all of it has to be decoded.
_MAX_TIMES, _ALWAYS_READ_PX = 16, 1 << 24


@dataclass(slots=True)
class _GifFrame:
    """One frame's place, palette and data; what a graphic control extension says of it."""

    box: tuple[int, int, int, int]
    palette: bytes
    is_interlaced: bool
    data: slice
    is_cut: bool = False
    transparent: int | None = None
    duration_ms: int = 0
    dispose: int = 0

    @property
    def size(self) -> Size:
        return self.box[2] - self.box[0], self.box[3] - self.box[1]


class GifReader(Reader):
    """A GIF, still or animated."""

    def __init__(self, data: bytes, *, max_frames: int, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        if len(data) < 13:
            raise CorruptPicture("the GIF ends within its header; send a whole one")
        self._data = data
        self._palette = b""
        self._control: tuple[int | None, int, int] = (None, 0, 0)
        self._frames: list[_GifFrame] = []
        # A GIF counts how often it is repeated; without that it plays once.
        self.plays = 1
        screen = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
        if not self._walk(max_frames + 1):
            self.note_damage("the end of the GIF is missing")
        if not self._frames:
            raise CorruptPicture("the GIF has no frame; send a whole one")
        right, bottom = self._frames[0].box[2:]
        self.size = max(screen[0], right), max(screen[1], bottom)
        self.frame_count = len(self._frames)

    def _walk(self, most: int) -> bool:
        """Note the frames, at most `most`; return whether the trailer was found."""
        data = self._data
        self._palette = data[13 : 13 + palette_bytes(data, 10)]
        for kind, start, end in gif_blocks(data):
            if kind == GIF_EXTENSION:
                self._extension(start + 1)
            elif kind == GIF_IMAGE:
                self._image(start + 1, end)
            if kind == GIF_TRAILER or len(self._frames) >= most:
                return True
        return False

    def _extension(self, position: int) -> None:
        data = self._data
        label = data[position] if position < len(data) else 0
        body = data[position + 1 : position + 13]
        if label == _CONTROL and len(body) >= 5 and body[0] >= 4:
            transparent = body[4] if body[1] & 1 else None
            hundredths = int.from_bytes(body[2:4], "little")
            self._control = (transparent, hundredths * 10, body[1] >> 2 & 7)
        elif label == _APPLICATION and body[1:12] in _LOOPS:
            block = data[position + 13 : position + 17]
            if len(block) == 4 and block[0] >= 3 and block[1] & 7 == 1:
                loops = int.from_bytes(block[2:4], "little")
                self.plays = loops + 1 if loops else 0
        elif label == _APPLICATION and body[1:12] == _XMP:
            self._read_xmp(position + 13)

    def _read_xmp(self, position: int) -> None:
        # The packet is not in blocks: 258 bytes behind it lead a reader of blocks out.
        end = self._data.find(b"\x01\xff\xfe\xfd", position)
        if 0 <= end - position <= 1 << 20:
            self.xmp = self._data[position:end]

    def _image(self, position: int, end: int) -> None:
        data = self._data
        header = data[position : position + 9]
        if len(header) < 9:
            return
        left, top, width, height = (
            int.from_bytes(header[at : at + 2], "little") for at in (0, 2, 4, 6)
        )
        own = palette_bytes(data, position + 8)
        palette = data[position + 9 : position + 9 + own] if own else self._palette
        position += 9 + own
        if position >= len(data):
            return
        transparent, duration, dispose = self._control
        self._control = (None, 0, 0)
        self._frames.append(
            _GifFrame(
                (left, top, left + width, top + height),
                palette,
                bool(header[8] & 0x40),
                slice(position, min(end, len(data))),
                end > len(data),
                transparent,
                duration,
                dispose,
            )
        )

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the frames; see `Reader`."""
        canvas = Image.new("RGBA", self.size)
        for number, frame in enumerate(self._frames[:count]):
            image, mask = self._decoded(frame, is_only=self.frame_count == 1)
            before = canvas.copy() if frame.dispose in _TO_PREVIOUS and number else None
            if image is not None:
                canvas.paste(image, frame.box[:2], mask)
            yield Frame(canvas.copy(), duration_ms(frame.duration_ms))
            if before is not None:
                canvas = before
            elif frame.dispose == _TO_BACKGROUND or frame.dispose in _TO_PREVIOUS:
                canvas.paste((0, 0, 0, 0), frame.box)

    def _decoded(
        self, frame: _GifFrame, *, is_only: bool
    ) -> tuple[Image.Image | None, Image.Image | None]:
        """Return the frame's own pixels and a mask of those that are seen."""
        width, height = frame.size
        bits, data = (
            self._data[frame.data.start],
            self._data[frame.data.start + 1 : frame.data.stop],
        )
        if not width or not height or not 1 <= bits <= 11:
            self.note_damage("a frame has no pixels", loses_pixels=True)
            return None, None
        if width * height > max(_MAX_TIMES * self.size[0] * self.size[1], _ALWAYS_READ_PX):
            self.note_damage("a frame is far larger than the picture", loses_pixels=True)
            return None, None
        if frame.is_cut:
            data = _with_last_block(data)
        if bits == 1:
            bits, data = 2, with_three_bits(data)
        image, gaps = decode_partly(
            "P", frame.size, data, "gif", bits, int(frame.is_interlaced), -1
        )
        if gaps is not None or frame.is_cut:
            self.note_damage("the pixels of a frame end early", loses_pixels=True)
        if gaps is not None and frame.is_interlaced:
            gaps = _fill_rows(image, gaps)
        if gaps is not None and is_only:
            self.check_shown(shown_part(gaps))
        indices = Image.frombytes("L", image.size, image.tobytes())
        image.putpalette(frame.palette.ljust(768, b"\0"))
        mask = None
        if frame.transparent is not None:
            seen = [255] * 256
            seen[frame.transparent] = 0
            mask = indices.point(seen)
        if gaps is not None:
            mask = mask or Image.new("L", image.size, 255)
            mask.paste(0, mask=gaps)
        return image.convert("RGB"), mask


def _fill_rows(image: Image.Image, gaps: Image.Image) -> Image.Image:
    """Fill missing rows of an interlaced frame from the nearest row of an earlier pass.

    Returns a mask of what is still missing. Source: GIF89a, appendix E.
    """
    width, height = image.size
    is_there = [gaps.crop((0, row, width, row + 1)).getbbox() is None for row in range(height)]
    left = gaps.copy()
    for row in range(height):
        for step in () if is_there[row] else (2, 4, 8):
            source = row - row % step
            if is_there[source]:
                image.paste(image.crop((0, source, width, source + 1)), (0, row))
                left.paste(0, (0, row, width, row + 1))
                break
    return left


def _with_last_block(data: bytes) -> bytes:
    """Return blocks of which the last is cut short, with its length set to what is there."""
    position = start = 0
    while position < len(data):
        start = position
        position += data[position] + 1
    if position == len(data):
        return data
    return data[:start] + bytes((len(data) - start - 1,)) + data[start + 1 :]
