"""From bytes to a picture."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from progimage.imaging.codecs import libwebp
from progimage.imaging.codecs.colour_management import managed, plain, srgb_profile
from progimage.imaging.codecs.formats import GIF, JPEG, WEBP
from progimage.imaging.codecs.header import Opened, check_size, opened
from progimage.imaging.codecs.jpeg import draft
from progimage.imaging.codecs.picture import Box, Picture
from progimage.imaging.limits import Limits

MAX_EXIF_BYTES = 65_533
"""What fits a JPEG's segment; a longer block is not carried."""

_DEFAULT_DURATION_MS = 100
_MAX_PLAYS = 65_535


def decode(
    path: str, limits: Limits, *, target: tuple[int, int] | None = None, first_only: bool = False
) -> Picture:
    """Read the picture at `path`: upright, 8 bits, sRGB, every frame whole.

    With `first_only` an animation is read as its first frame.

    `target` is the smallest width and height, as displayed, that is enough. A JPEG is
    then decoded at 1/2, 3/8, 1/4 or 1/8 of its size, whichever is the last not below
    `target`; other formats are decoded in full. In any case the picture is `Picture.box`
    of the frames, which is not always all of them.

    Raises:
        PictureTooComplex: it passes `limits`.
        CorruptPicture: it is truncated or damaged.
    """
    with opened(path, limits) as source:
        if target and source.turn and source.orientation >= 5:
            target = target[1], target[0]
        if source.is_animated:
            frames = source.frames[:1] if first_only else source.frames
            return _animation(source, frames, limits)
        return _still(source, path, target)


def _still(source: Opened, path: str, target: tuple[int, int] | None) -> Picture:
    image: Image.Image = source.image
    part: Box | None = None
    if source.form is JPEG and target:
        part = draft(source.image, target)
    exif, icc = _exif(image), _icc(image)
    loaded = load_webp(source, path) if source.form is WEBP else None
    if loaded is None:
        image.load()
    else:
        image = loaded
    frame, part = _working(image, source, part)
    return Picture(frames=(_bare(frame),), exif=exif, icc=icc, part=part)


def _animation(source: Opened, numbers: range, limits: Limits) -> Picture:
    image = source.image
    size = image.size
    frames: list[Image.Image] = []
    durations: list[int] = []
    for number in numbers:
        image.seek(number)
        image.load()
        # A GIF's frame may reach beyond the screen; Pillow grows the screen for it.
        check_size(image.size, len(source.frames), limits)
        whole = image.crop((0, 0, *size)) if image.size != size else image
        frame, _ = _working(whole, source, None)
        # Pillow composes the next frame on the pixels of this one.
        frames.append(frame.copy() if frame is image else frame)
        durations.append(_duration_ms(image))
    return Picture(
        frames=tuple(_bare(frame) for frame in _in_one_mode(frames)),
        durations_ms=tuple(durations) if len(numbers) > 1 else (0,),
        loop=_plays(source),
        exif=_exif(image),
        icc=_icc(image),
    )


def load_webp(source: Opened, path: str) -> Image.Image | None:
    """Return a still WebP, if libwebp can be asked."""
    has_alpha = source.image.mode == "RGBA"
    return libwebp.load(Path(path).read_bytes(), source.image.size, has_alpha=has_alpha)


def _working(
    image: Image.Image, source: Opened, part: Box | None
) -> tuple[Image.Image, Box | None]:
    """Return a loaded image upright in a working mode, and its part."""
    frame = managed(plain(image), source.image.info.get("icc_profile"))
    if source.turn is None:
        return frame, part
    return frame.transpose(source.turn), part and _turned(part, frame.size, source.orientation)


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


def _duration_ms(image: Image.Image) -> int:
    # Browsers agree to show frames of 10 ms or less for 100 ms: such files were made
    # for viewers that could not keep up. Other formats would play them too fast.
    duration = round(image.info.get("duration") or 0)
    return duration if duration > 10 else _DEFAULT_DURATION_MS


def _plays(source: Opened) -> int:
    """Return how often the animation plays; 0 is forever.

    A GIF counts the repetitions after the first time and has none by default;
    the other formats count the times it plays.
    """
    loop = source.image.info.get("loop")
    if source.form is GIF:
        loop = 1 if loop is None else loop + 1 if loop else 0
    return min(loop or 0, _MAX_PLAYS)


def _bare(frame: Image.Image) -> Image.Image:
    """Drop what Pillow would otherwise write into the next file by itself."""
    frame.info = {}
    return frame


def _exif(image: Image.Image) -> bytes:
    exif = image.info.get("exif", b"")
    return exif if isinstance(exif, bytes) and len(exif) <= MAX_EXIF_BYTES else b""


def _icc(image: Image.Image) -> bytes:
    return srgb_profile() if image.info.get("icc_profile") else b""
