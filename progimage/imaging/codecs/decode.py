"""From bytes to a picture."""

from __future__ import annotations

from itertools import islice

from PIL import Image

from progimage.imaging.codecs.colour_management import is_srgb, managed, plain, srgb_profile
from progimage.imaging.codecs.header import Opened, opened
from progimage.imaging.codecs.jpeg_planes import extended
from progimage.imaging.codecs.jpeg_reading import Components
from progimage.imaging.codecs.picture import Box, Picture, Source
from progimage.imaging.codecs.readers.jpeg import JpegReader
from progimage.imaging.limits import Limits

MAX_EXIF_BYTES = 65_533
"""What fits a segment of a JPEG; longer EXIF and IPTC blocks are not carried."""


def decode(
    path: str, limits: Limits, *, target: tuple[int, int] | None = None, first_only: bool = False
) -> Picture:
    """Read the picture at `path`: upright, 8 bits, sRGB, every frame whole.

    With `first_only` an animation is read as its first frame.

    `target` is the smallest width and height, as displayed, that is enough. A JPEG is
    then decoded at 1/2, 3/8, 1/4 or 1/8 of its size, whichever is the last not below
    `target`; a drawing is drawn at exactly `target`; other formats are decoded in full. In
    any case the picture is `Picture.box` of the frames, which is not always all of them.

    Raises:
        PictureTooComplex: it passes `limits`.
        CorruptPicture: it is damaged beyond what `limits` accept.
    """
    with opened(path, limits) as source:
        return decode_opened(source, target=target, first_only=first_only)


def decode_opened(
    source: Opened, *, target: tuple[int, int] | None = None, first_only: bool = False
) -> Picture:
    """Read a picture whose header is read; as `decode`, and once only."""
    reader = source.reader
    if target and reader.turn_by >= 5:
        target = target[1], target[0]
    skipped = source.frame - 1
    count = skipped + (1 if first_only else source.frame_count)
    frames: list[Image.Image] = []
    durations: list[int] = []
    part: Box | None = None
    for found in islice(reader.frames(count, target), skipped, None):
        frame, part = _working(found.image, source, found.part)
        frames.append(frame)
        durations.append(found.duration_ms)
    return Picture(
        frames=tuple(_bare(frame) for frame in _in_one_mode(frames)),
        durations_ms=tuple(durations) if len(frames) > 1 else (0,),
        loop=reader.plays,
        exif=_if_short(reader.exif),
        icc=srgb_profile() if reader.is_tagged else b"",
        xmp=reader.xmp,
        iptc=_if_short(reader.iptc),
        source=Source(
            source.form.name,
            source.size,
            source.size_bytes,
            reader.quality,
            reader.coding,
        ),
        part=part,
    )


def decode_components(source: Opened, target: tuple[int, int]) -> tuple[Components, Box] | None:
    """Read the planes of a JPEG, upright and in sRGB, and what of them is the picture.

    They have the fraction of its size that `decode_opened` would choose for `target`. None for
    pictures of which only `decode_opened` makes something; this function may come before it.
    """
    reader = source.reader
    if not isinstance(reader, JpegReader) or not is_srgb(reader.colour, reader.image.mode):
        return None
    found = reader.components(target if reader.turn_by < 5 else (target[1], target[0]))
    if found is None or source.turn is None:
        return found
    (luma, chroma), part = found
    if chroma:
        # Whole samples of chroma, so that they cover the same pixels when they are turned.
        luma = extended(luma, (2 * chroma[0].width, 2 * chroma[0].height))
    turned = [plane.transpose(source.turn) for plane in (luma, *chroma)]
    return Components(turned[0], tuple(turned[1:])), _turned(part, luma.size, reader.turn_by)


def _working(
    image: Image.Image, source: Opened, part: Box | None
) -> tuple[Image.Image, Box | None]:
    """Return a loaded image upright in a working mode, and its part."""
    frame = managed(plain(image), source.reader.colour)
    if source.turn is None:
        return frame, part
    return frame.transpose(source.turn), part and _turned(part, frame.size, source.reader.turn_by)


def _turned(part: Box, size: tuple[int, int], orientation: int) -> Box:
    """Return where `part` of a frame of `size` goes when the frame is brought upright."""
    left, top, right, bottom = part
    if orientation in (2, 3, 7, 8):
        left, right = size[0] - right, size[0] - left
    if orientation in (3, 4, 6, 7):
        top, bottom = size[1] - bottom, size[1] - top
    return (top, left, bottom, right) if orientation >= 5 else (left, top, right, bottom)


def _in_one_mode(frames: list[Image.Image]) -> list[Image.Image]:
    modes = {frame.mode for frame in frames}
    if len(modes) == 1:
        return frames
    colour = "RGB" if modes & {"RGB", "RGBA"} else "L"
    mode = colour + ("A" if modes & {"LA", "RGBA"} else "")
    return [frame.convert(mode) for frame in frames]


def _bare(frame: Image.Image) -> Image.Image:
    """Drop what Pillow would otherwise write into the next file by itself."""
    frame.info = {}
    return frame


def _if_short(block: bytes) -> bytes:
    return block if len(block) <= MAX_EXIF_BYTES else b""
