"""What is worth knowing of a picture before it is kept."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from PIL import Image

from progimage.errors import CorruptPicture, MismatchedMedia
from progimage.imaging.codecs.colour_management import managed, plain
from progimage.imaging.codecs.decode import load_webp
from progimage.imaging.codecs.formats import JPEG, WEBP
from progimage.imaging.codecs.header import Opened, check_size, opened
from progimage.imaging.codecs.sniff import sniff
from progimage.imaging.limits import Limits
from progimage.imaging.resampling import resized
from progimage.imaging.thumbhash import thumb_hash

_THUMBNAIL_SIDE = 32


@dataclass(frozen=True, slots=True)
class Facts:
    """What `inspect` found.

    Attributes:
        format: name of the format: "jpeg"; `formats.by_name` takes it.
        media_type: "image/jpeg".
        width, height: pixels, as displayed.
        orientation: EXIF orientation, 1 to 8, that the stored pixels need.
        frames: 1 for a still.
        has_alpha: some pixel may be transparent.
        dominant_colour: "#rrggbb".
        placeholder: ThumbHash in base64.
    """

    format: str
    media_type: str
    width: int
    height: int
    orientation: int
    frames: int
    has_alpha: bool
    dominant_colour: str
    placeholder: str


def inspect(path: str, limits: Limits) -> Facts:
    """Prove that the picture at `path` is whole and within `limits`; return its facts.

    Every frame is decoded to its last byte. A JPEG is decoded at a fraction of its
    size: all of its data is read all the same, and only the cheap part is left out.

    Raises:
        EmptyPicture, UnsupportedMedia, MismatchedMedia: as `sniff` does.
        PictureTooComplex: it passes `limits`; found before anything is decoded.
        CorruptPicture: it is truncated or damaged.
    """
    form = sniff(path)
    with opened(path, limits) as source:
        if source.form is not form:
            raise MismatchedMedia(
                f"libmagic sees {form.name} and Pillow {source.form.name}; send a plain picture"
            )
        image = source.image
        if form is JPEG:
            image.draft(None, (_THUMBNAIL_SIDE * 2, _THUMBNAIL_SIDE * 2))
        thumbnail: Image.Image | None = None
        has_alpha = False
        for number in source.frames:
            image.seek(number)
            is_still_webp = form is WEBP and not source.is_animated
            loaded = load_webp(source, path) if is_still_webp else None
            if loaded is None:
                image.load()
            check_size(image.size, len(source.frames), limits)
            if thumbnail is None or (source.is_animated and not has_alpha):
                frame = plain(loaded or image)
                has_alpha = has_alpha or frame.mode.endswith("A")
                thumbnail = thumbnail or _thumbnail(frame, image.info.get("icc_profile"), source)
        if thumbnail is None:
            raise CorruptPicture("the picture has no frame")
    return Facts(
        format=form.name,
        media_type=form.media_type,
        width=source.size[0],
        height=source.size[1],
        orientation=source.orientation,
        frames=len(source.frames),
        has_alpha=has_alpha,
        dominant_colour=_dominant_colour(thumbnail),
        placeholder=_placeholder(thumbnail),
    )


def _thumbnail(frame: Image.Image, profile: bytes | None, source: Opened) -> Image.Image:
    """Return an upright RGBA version of at most 32 pixels a side."""
    scale = _THUMBNAIL_SIDE / max(frame.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in frame.size)
        frame = resized(frame, (width, height))
    frame = managed(frame, profile).convert("RGBA")
    return frame if source.turn is None else frame.transpose(source.turn)


def _dominant_colour(thumbnail: Image.Image) -> str:
    """Return the mean of the largest of the eight groups that median cut finds.

    What is mostly transparent does not count; white if nothing else is there.
    """
    pixels = thumbnail.tobytes()
    visible = b"".join(
        pixels[at : at + 3] for at in range(0, len(pixels), 4) if pixels[at + 3] >= 128
    )
    if not visible:
        return "#ffffff"
    strip = Image.frombytes("RGB", (len(visible) // 3, 1), visible)
    grouped = strip.quantize(8, Image.Quantize.MEDIANCUT)
    counts = grouped.histogram()
    largest = counts.index(max(counts))
    palette = grouped.getpalette() or [255] * 3
    return "#" + bytes(palette[largest * 3 : largest * 3 + 3]).hex()


def _placeholder(thumbnail: Image.Image) -> str:
    return b64encode(thumb_hash(*thumbnail.size, thumbnail.tobytes())).decode()
