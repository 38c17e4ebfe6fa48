"""The portable maps: bitmaps, greys and colours, as text or bytes, PAM and PFM.

Pillow reads neither PAM nor text that ends early.
Source: Netpbm, pbm(5), pgm(5), ppm(5), pam(5), pfm(5).
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from PIL import Image, ImageChops

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import sixteen_bits
from progimage.imaging.codecs.colour_management import plain
from progimage.imaging.codecs.readers.partial import shown_part, with_gaps
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size

_TEXT, _BITS, _FLOATS = (b"P1", b"P2", b"P3"), (b"P1", b"P4"), (b"Pf", b"PF")
_CHANNELS = {b"P1": 1, b"P2": 1, b"P3": 3, b"P4": 1, b"P5": 1, b"P6": 3, b"Pf": 1, b"PF": 3}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_TOKEN = re.compile(rb"(?:\s|#[^\n]*\n)*([^\s#]+)")
_COMMENT, _WORD = re.compile(rb"#[^\n]*"), re.compile(rb"\S+")
_MAX_HEADER_BYTES = 4_096
_MAX_SIDE = 1 << 31
_MAX_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Header:
    kind: bytes
    size: Size
    channels: int
    top: int
    is_little_endian: bool
    end: int


class PnmReader(Reader):
    """A portable map; of several in one file, the first."""

    def __init__(self, data: bytes, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._header = _read_header(data)
        self._data = data[self._header.end :]
        self.size = self._header.size
        self.coding = "bilevel" if self._header.kind in _BITS else ""

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the picture; rows that are missing are transparent."""
        header = self._header
        width, height = header.size
        stride = width * header.channels
        if header.kind == b"P4":
            packed = (width + 7) // 8
            rows = min(len(self._data) // packed, height)
            pixels = self._data[: rows * packed].ljust(packed * height, b"\0")
            image = ImageChops.invert(Image.frombytes("1", header.size, pixels).convert("L"))
        else:
            samples = self._samples(stride * height)
            rows = min(len(samples) // stride, height)
            samples = samples[: rows * stride].ljust(stride * height, b"\0")
            image = Image.frombytes(_MODES[header.channels], header.size, samples)
        gaps = Image.new("L", header.size)
        gaps.paste(255, (0, rows, width, height))
        if header.kind in _FLOATS:
            image, gaps = (
                each.transpose(Image.Transpose.FLIP_TOP_BOTTOM) for each in (image, gaps)
            )
        if rows < height:
            self.check_shown(shown_part(gaps))
            self.note_damage("the pixels end early", loses_pixels=True)
            image = with_gaps(image, gaps)
        yield Frame(image)

    def _samples(self, count: int) -> bytes:
        """Return up to `count` samples of 8 bits."""
        header, data = self._header, self._data
        if header.kind == b"P1":
            digits = _COMMENT.sub(b"", data).translate(None, b" \t\r\n\v\f")[:count]
            return digits.translate(bytes(0 if digit == ord("1") else 255 for digit in range(256)))
        if header.kind in _TEXT:
            words = _WORD.finditer(_COMMENT.sub(b"", data))
            return _scaled(array("H", islice(_numbers(words, header.top), count)), header.top)
        if header.kind in _FLOATS:
            values = array("f", data[: min(4 * count, len(data) // 4 * 4)])
            if header.is_little_endian != (sys.byteorder == "little"):
                values.byteswap()
            return _of_floats(values)
        if header.top < 256:
            return _scaled(data[:count], header.top)
        wide = array("H", data[: min(2 * count, len(data) // 2 * 2)])
        if sys.byteorder == "little":
            wide.byteswap()
        return _scaled(wide, header.top)


def _read_header(data: bytes) -> _Header:
    """Read the header.

    Raises:
        CorruptPicture: it makes no sense.
    """
    try:
        header = _pam_header(data) if data[:2] == b"P7" else _plain_header(data)
    except (ValueError, KeyError):
        header = None
    if header is None or not _makes_sense(header):
        raise CorruptPicture("the header of the portable map cannot be read; send a whole one")
    return header


def _makes_sense(header: _Header) -> bool:
    is_size = all(1 <= side < _MAX_SIDE for side in header.size)
    return is_size and header.channels in _MODES and 1 <= header.top <= 65_535


def _plain_header(data: bytes) -> _Header:
    kind = data[:2]
    position, words = 2, []
    for _ in range(2 if kind in _BITS else 3):
        found = _TOKEN.match(data, position, _MAX_HEADER_BYTES)
        if found is None:
            raise ValueError("the header ends early")
        words.append(found[1])
        position = found.end()
    size = int(words[0]), int(words[1])
    scale = float(words[2]) if kind in _FLOATS else 0.0
    top = int(words[2]) if kind not in (*_BITS, *_FLOATS) else 1
    # One byte of white space ends the header.
    return _Header(kind, size, _CHANNELS[kind], top, scale < 0, position + 1)


def _pam_header(data: bytes) -> _Header:
    end = data.index(b"ENDHDR\n", 0, _MAX_HEADER_BYTES) + len(b"ENDHDR\n")
    fields: dict[bytes, bytes] = {}
    for line in data[:end].split(b"\n"):
        name, _, value = line.strip().partition(b" ")
        fields.setdefault(name, value.strip())
    size = int(fields[b"WIDTH"]), int(fields[b"HEIGHT"])
    return _Header(b"P7", size, int(fields[b"DEPTH"]), int(fields[b"MAXVAL"]), False, end)


def _numbers(words: Iterator[re.Match[bytes]], top: int) -> Iterator[int]:
    """Yield the numbers of a text, up to the first word that is none."""
    for found in words:
        word = found[0]
        if not word.isdigit() or len(word) > _MAX_DIGITS:
            return
        yield min(int(word), top)


def _scaled(samples: bytes | array[int], top: int) -> bytes:
    """Return samples from 0 to `top` as bytes from 0 to 255."""
    if isinstance(samples, bytes):
        if top == 255:
            return samples
        return samples.translate(bytes(min(value, top) * 255 // top for value in range(256)))
    table = bytes((min(value, top) * 255 + top // 2) // top for value in range(65_536))
    if sys.byteorder == "big":
        samples.byteswap()
    strip = Image.frombytes("I;16", (len(samples), 1), samples.tobytes()) if samples else None
    return sixteen_bits.looked_up(strip, table).tobytes() if strip else b""


def _of_floats(values: array[float]) -> bytes:
    """Return floats as bytes: from 0 to 1 if they are, else over their own range."""
    if not values:
        return b""
    return plain(Image.frombytes("F", (len(values), 1), values.tobytes())).tobytes()
