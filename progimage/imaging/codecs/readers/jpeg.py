"""JPEG: its segments are read here, its pixels by Pillow.

Pillow stops at a segment that is shorter than it should be, and at the end of a file that
lacks its last bytes. Browsers show both.
Source: ITU T.81, annex B; JFIF 1.02; Adobe technical note 5116; EXIF 2.32, 4.7.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedReader
from mmap import ACCESS_READ, mmap
from typing import BinaryIO

from PIL import Image, ImageFile

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.colour_management import plain
from progimage.imaging.codecs.jpeg import draft, eighths_for, part_at, quality_of
from progimage.imaging.codecs.jpeg_reading import Components, components
from progimage.imaging.codecs.picture import Box
from progimage.imaging.codecs.readers.joined_file import JoinedFile
from progimage.imaging.codecs.readers.partial import decode_partly, shown_part, with_gaps
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size, exif_orientation

_SOS, _EOI, _APP0, _APP1, _APP2, _APP13, _APP14, _COM = (
    *(0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xED, 0xEE),
    0xFE,
)
_ALONE = (0x01, *range(0xD0, 0xD8))
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
_MAX_SEGMENTS = 10_000
_SCAN = re.compile(rb"\xff\xda")
# In the data of a scan 0xFF is followed by 0x00 or a restart marker. Source: T.81, B.1.1.5.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_BETWEEN_SCANS = (0xC4, _SOS, 0xDB, 0xDD, _COM, *range(_APP0, 0xF0))
_GREY = 128


class JpegReader(Reader):
    """A JPEG; of several in one file, the first.

    Its data are decoded as they are read and not held in memory, so `file`, one of the disk, has
    to stay open.
    """

    def __init__(self, file: BinaryIO, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._profile: dict[int, bytes] = {}
        self._profile_parts = 0
        self._is_progressive = False
        self._file = file
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            self._head, self._scans_at = self._without_metadata(data)
            if data.rfind(b"\xff\xd9", self._scans_at) < 0:
                self.note_damage("the end of the JPEG is missing")
        stream = BufferedReader(JoinedFile(self._head, file, self._scans_at))
        self.image: ImageFile.ImageFile = Image.open(stream, formats=("JPEG",))
        self.size = self.image.size
        numbers = range(1, self._profile_parts + 1)
        if numbers and self._profile.keys() >= set(numbers):
            self.colour = b"".join(self._profile[number] for number in numbers)
            self.is_tagged = True
        self.turn_by = exif_orientation(self.exif)
        tables = getattr(self.image, "quantization", {})
        self.quality = quality_of(tables[0]) if 0 in tables else None

    def _without_metadata(self, data: mmap) -> tuple[bytes, int]:
        """Take the metadata out of a JPEG.

        Returns what the decoder needs of all before the first scan, and where that begins.

        Raises:
            CorruptPicture: the file ends before its first scan.
        """
        parts = [b"\xff\xd8"]
        position = 2
        for _ in range(_MAX_SEGMENTS):
            position = data.find(b"\xff", position)
            while 0 <= position < len(data) - 1 and data[position + 1] == 0xFF:
                position += 1
            if position < 0 or position + 4 > len(data):
                break
            marker = data[position + 1]
            if marker in (0x00, 0xD8, *_ALONE):
                position += 2
                continue
            # The length counts itself; a smaller one is taken for that.
            length = max(2, int.from_bytes(data[position + 2 : position + 4], "big"))
            end = position + 2 + length
            if marker == _EOI or end > len(data):
                break
            if marker == _SOS:
                return b"".join(parts), position
            if self._is_wanted(marker, data[position + 4 : end]):
                parts.append(data[position:end])
            position = end
        raise CorruptPicture("the JPEG is truncated or damaged within its header; send it again")

    def _is_wanted(self, marker: int, body: bytes) -> bool:
        """Note what a segment says; tell if the decoder needs it."""
        if marker in _PROGRESSIVE:
            self._is_progressive = True
        if marker == _APP0 and body.startswith(b"JFIF\0") and len(body) < _JFIF_BYTES:
            self.note_damage("the JFIF segment is too short")
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) < _ADOBE_BYTES:
            self.note_damage("the Adobe segment is too short")
        elif marker in (_APP0, _APP14):
            return body.startswith((b"JFIF\0", b"Adobe"))
        elif marker == _APP1 and body.startswith(_EXIF[:5]):
            # The sixth byte is to be 0, and is not looked at.
            self.exif += body[len(_EXIF) :] if self.exif else _EXIF + body[len(_EXIF) :]
        elif marker == _APP1 and body.startswith(_XMP):
            self.xmp = self.xmp or body[len(_XMP) :]
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 2:
            number, count = body[len(_ICC)], body[len(_ICC) + 1]
            self._profile_parts = self._profile_parts or count
            self._profile.setdefault(number, body[len(_ICC) + 2 :])
        elif marker == _APP13 and body.startswith(_PHOTOSHOP):
            self.iptc += body[len(_PHOTOSHOP) :]
        return not (_APP0 <= marker <= 0xEF or marker == _COM)

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the picture, at a fraction of its size if `target` allows it."""
        mode = self.image.mode
        part = draft(self.image, target) if target else None
        try:
            self.image.load()
        except OSError:
            yield Frame(self._what_there_is(mode))
            return
        yield Frame(self.image, part=part)

    def components(self, target: Size) -> tuple[Components, Box] | None:
        """Return the planes of the picture, not upright, and what of them is the picture.

        They have the fraction of its size that `frames` would choose. None for those that
        `frames` has to decode: see `jpeg_reading.components`.
        """
        eighths = eighths_for(self.size, target)
        if eighths is None or self.damage:
            return None
        self._file.seek(self._scans_at)
        found = components(self._head, self._file, eighths)
        return None if found is None else (found, part_at(eighths, self.size))

    def _what_there_is(self, mode: str) -> Image.Image:
        """Return what browsers show of a JPEG that ends early, transparent where it does.

        Of a baseline JPEG those are the rows that can be computed without guessing; a
        progressive one is whole, if coarse, once its first scan is.
        """
        self.note_damage("the JPEG ends early", loses_pixels=True)
        raw = "CMYK;I" if mode == "CMYK" else mode
        self._file.seek(self._scans_at)
        clean = self._head + self._file.read()
        if self._is_progressive:
            data = self._whole_segments(clean).rstrip(b"\xff") + b"\xff\xd9"
            image, gaps = decode_partly(mode, self.size, data, "jpeg", raw, "")
            image = plain(image)
            if gaps is None and len(_SCAN.findall(clean, len(self._head))) < 2:
                gaps = _untouched(image)
        else:
            image, gaps = decode_partly(mode, self.size, clean, "jpeg", raw, "")
            image = plain(image)
        if gaps is None:
            return image
        self.check_shown(shown_part(gaps))
        if image.mode == "CMYK":
            image = image.convert("RGB")
        return with_gaps(image, gaps)

    def _whole_segments(self, data: bytes) -> bytes:
        """Return the JPEG up to the first segment between its scans that is cut or unexpected."""
        position = len(self._head)
        while found := _MARKER.search(data, position):
            start, marker = found.start(), data[found.start() + 1]
            position = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
            if marker not in _BETWEEN_SCANS or len(data) < start + 4 or position > len(data):
                return data[:start]
        return data


def _untouched(image: Image.Image) -> Image.Image | None:
    """Return a mask of the rows at the bottom that the first scan did not reach."""
    levels = [255] * 256
    levels[_GREY] = 0
    touched = image.convert("L").point(levels).getbbox()
    bottom = touched[3] if touched else 0
    if bottom == image.height:
        return None
    gaps = Image.new("L", image.size)
    gaps.paste(255, (0, bottom, *image.size))
    return gaps
