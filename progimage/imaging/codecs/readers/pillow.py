"""Formats that Pillow reads correctly: WebP, AVIF, HEIC, and most of JPEG 2000."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageFile

from progimage.imaging.codecs import cicp, isobmff, libwebp
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, HEIC, WEBP
from progimage.imaging.codecs.readers.reader import (
    Frame,
    Reader,
    Size,
    duration_ms,
    exif_orientation,
    with_exif_header,
)

_MAX_PLAYS = 65_535
_FIRST_CHUNK, _FRAME_HEADER = 12, 16
_FLAGS_AT, _ANIMATION, _ALPHA = 20, 0x02, 0x10


class PillowReader(Reader):
    """A picture that Pillow opens and decodes."""

    def __init__(self, data: bytes, form: Format, *, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._data, self._form = data, form
        boxes = isobmff.read(data) if form in (AVIF, HEIC) else isobmff.Facts()
        if boxes.is_exif_damaged:
            self.note_damage("the EXIF block is damaged")
        clean = isobmff.without_metadata(data) if form is AVIF else data
        if form is WEBP:
            clean = _with_alpha(data)
        self.image: ImageFile.ImageFile = Image.open(BytesIO(clean), formats=(form.pillow_name,))
        info = self.image.info
        self.size = self.image.size
        self.colour = info.get("icc_profile") or None
        if self.colour is None and boxes.code_points:
            self.colour = cicp.colour_space(
                *boxes.code_points, is_video=True, peak_nits=boxes.peak_nits
            )
        self.is_tagged = self.colour is not None
        exif = info.get("exif") or b""
        # For AVIF, Pillow makes up a block with the orientation of the picture.
        self.turn_by = exif_orientation(exif)
        self.exif = with_exif_header(boxes.exif if form is AVIF else exif)
        xmp = info.get("xmp") or b""
        self.xmp = xmp if isinstance(xmp, bytes) else b""
        self.coding = "lossless" if form is WEBP and _is_lossless(data) else ""
        if form in (WEBP, AVIF):
            self.frame_count = getattr(self.image, "n_frames", 1)
            self.plays = boxes.plays if form is AVIF else min(info.get("loop") or 0, _MAX_PLAYS)

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the frames; see `Reader`."""
        if self._form is WEBP and self.frame_count == 1 and (image := self._webp()):
            yield Frame(image)
            return
        for number in range(count):
            self.image.seek(number)
            self.image.load()
            duration = duration_ms(self.image.info.get("duration") or 0)
            yield Frame(self.image.copy() if count > 1 else self.image, duration)

    def _webp(self) -> Image.Image | None:
        """Return a still WebP, if libwebp is available."""
        has_alpha = self.image.mode == "RGBA" and not _hides_alpha(self._data)
        return libwebp.load(self._data, self.size, has_alpha=has_alpha)


def _is_lossless(data: bytes) -> bool:
    """Tell if the first frame of a WebP is lossless. Source: RFC 9649, 2.6 and 2.7.1.1."""
    at = _FIRST_CHUNK
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
        # The chunks of a frame follow its position and duration.
        at += 8 + (_FRAME_HEADER if kind == b"ANMF" else size + size % 2)
    return False


def _hides_alpha(data: bytes) -> bool:
    """Tell if a still, lossy WebP with alpha says that it has none: browsers believe that."""
    if data[12:16] != b"VP8X" or _is_lossless(data):
        return False
    return len(data) > _FLAGS_AT and not data[_FLAGS_AT] & _ALPHA


def _with_alpha(data: bytes) -> bytes:
    """Return an animated WebP that says it has alpha: browsers show it, declared or not.

    Source: RFC 9649, 2.7 (the flags of VP8X).
    """
    if data[12:16] != b"VP8X" or len(data) <= _FLAGS_AT or not data[_FLAGS_AT] & _ANIMATION:
        return data
    return data[:_FLAGS_AT] + bytes((data[_FLAGS_AT] | _ALPHA,)) + data[_FLAGS_AT + 1 :]
