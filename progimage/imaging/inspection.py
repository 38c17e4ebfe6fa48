"""Inspection of an uploaded picture: its facts, and its working copies."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from progimage.errors import CorruptPicture, MismatchedMedia
from progimage.imaging.areas import Area
from progimage.imaging.codecs.capture import Fields, read_capture
from progimage.imaging.codecs.colour_management import managed, plain
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.codecs.header import Opened, check_size, opened, size_in_header
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.codecs.sniff import sniff
from progimage.imaging.faces import IS_INSTALLED, SIDE, find_faces
from progimage.imaging.limits import Limits
from progimage.imaging.making_copies import decode_for_copies, write_copies
from progimage.imaging.operation import Size
from progimage.imaging.perceptual_hash import perceptual_hash
from progimage.imaging.planes import Planes
from progimage.imaging.resampling import resized
from progimage.imaging.thumbhash import thumb_hash
from progimage.imaging.working_copies import sizes_of

_THUMBNAIL_SIDE = 32
# What readers take into memory as a whole without a look at the header first.
_LARGE_FILE_BYTES = 32 << 20
_TARGET = (_THUMBNAIL_SIDE * 2, _THUMBNAIL_SIDE * 2)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that `inspect` returns.

    Attributes:
        format: name of the format: "jpeg"; `formats.by_name` takes it.
        media_type: "image/jpeg".
        width, height: pixels, as displayed.
        orientation: EXIF orientation, 1 to 8, that the stored pixels need.
        frames: 1 for a still.
        pages: of a PDF or TIFF; else 1.
        faces: where faces are, as fractions of width and height; None if nothing looks for them.
        has_alpha: some pixel may be transparent.
        dominant_colour: "#rrggbb".
        placeholder: ThumbHash in base64.
        perceptual_hash: 16 hexadecimal digits, near for pictures that look alike.
        capture, place: how and where a photograph was taken, as `read_capture` returns them.
        damage: the faults of a picture that can be shown in spite of them; "" for none.
        copies: the files of its working copies, by their sizes.
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
    pages: int = 1
    faces: tuple[Area, ...] | None = None
    perceptual_hash: str = ""
    capture: Fields = field(default_factory=dict)
    place: Fields | None = None
    damage: str = ""
    copies: Mapping[Size, str] = field(default_factory=dict)


def inspect(path: str, limits: Limits, copy_px: int = 0, copy_prefix: str = "") -> Facts:
    """Prove that the picture at `path` is whole and within `limits`; return its facts.

    Every frame is decoded to its last byte. A JPEG is decoded at a fraction of its
    size: all of its data is read all the same, and only the cheap part is left out.
    With `limits.accept_damaged` a picture is accepted if enough of it can be decoded.

    Args:
        copy_px: the long side of the largest working copy; 0 for none. A picture that is
            damaged gets none.
        copy_prefix: what the paths of their files begin with.

    Raises:
        EmptyPicture, UnsupportedMedia, MismatchedMedia: as `sniff` does.
        PictureTooComplex: it passes `limits`; found before anything is decoded.
        CorruptPicture: it is damaged beyond what `limits` accept.
    """
    form = sniff(path)
    if Path(path).stat().st_size > _LARGE_FILE_BYTES:
        with suppress(CorruptPicture):  # a reader may know more than Pillow
            check_size(size_in_header(path, form)[0], 1, limits)
    with opened(path, limits) as source:
        if source.form is not form:
            raise MismatchedMedia(
                f"libmagic sees {form.name} and the header is that of a {source.form.name}; "
                "send a plain picture"
            )
        # What is wrong with its chunks and segments is known by now.
        _check_damage(source, limits)
        if sizes := sizes_of(source, copy_px):
            copies = {size: f"{copy_prefix}-{size[0]}x{size[1]}" for size in sizes}
            decoded = decode_for_copies(source, sizes)
            _check_damage(source, limits)
            if isinstance(decoded, Picture) and source.reader.damage:
                copies, pixels = {}, decoded.frames[0]
            else:
                smallest = write_copies(decoded, sizes, copies)
                pixels = smallest.as_picture() if isinstance(smallest, Planes) else smallest
            has_alpha = pixels.mode.endswith("A")
            return _facts(
                source,
                _small(pixels).convert("RGBA"),
                has_alpha=has_alpha,
                faces=find_faces(pixels),
                copies=copies,
            )
        reader = source.reader
        # A small target leaves out what is cheap; every byte is read all the same.
        target = _TARGET if form is JPEG else _drawn(source.size) if form.is_vector else None
        if IS_INSTALLED and form is JPEG:
            target = (SIDE, SIDE)
        thumbnail: Image.Image | None = None
        faces: tuple[Area, ...] | None = None
        has_alpha = False
        for found in reader.frames(reader.frame_count, target):
            if thumbnail is None or (source.is_animated and not has_alpha):
                frame = plain(found.image)
                has_alpha = has_alpha or frame.mode.endswith("A")
                if thumbnail is None:
                    thumbnail = _thumbnail(frame, source)
                    faces = find_faces(_upright(frame, source))
        if thumbnail is None:
            raise CorruptPicture("the picture has no frame")
        _check_damage(source, limits)
        return _facts(source, thumbnail, has_alpha=has_alpha, faces=faces)


def _check_damage(source: Opened, limits: Limits) -> None:
    """Raise `CorruptPicture` for any damage, if none is accepted."""
    if source.reader.damage and not limits.accept_damaged:
        raise CorruptPicture(
            f"the picture is truncated or damaged: {source.reader.damage[0]}; send it again"
        )


def _facts(
    source: Opened,
    thumbnail: Image.Image,
    *,
    has_alpha: bool,
    faces: tuple[Area, ...] | None,
    copies: Mapping[Size, str] | None = None,
) -> Facts:
    facts = facts_of(
        source.form,
        source.size,
        thumbnail,
        turn_by=source.reader.turn_by,
        has_alpha=has_alpha,
        exif=source.reader.exif,
    )
    return replace(
        facts,
        frames=source.reader.frame_count,
        pages=source.reader.page_count,
        faces=faces,
        damage="; ".join(source.reader.damage),
        copies=copies or {},
    )


def facts_of(
    form: Format, size: Size, shown: Image.Image, *, turn_by: int, has_alpha: bool, exif: bytes
) -> Facts:
    """Return the facts of a whole still picture.

    Args:
        size: width and height as displayed.
        shown: the picture at any size, upright, in sRGB, RGBA.
        turn_by: the EXIF orientation that the stored pixels need.
        exif: the EXIF block, or b"".
    """
    thumbnail = _small(shown)
    capture, place = read_capture(exif)
    return Facts(
        format=form.name,
        media_type=form.media_type,
        width=size[0],
        height=size[1],
        orientation=turn_by,
        frames=1,
        has_alpha=has_alpha,
        dominant_colour=_dominant_colour(thumbnail),
        placeholder=_placeholder(thumbnail),
        perceptual_hash=perceptual_hash(thumbnail),
        capture=capture,
        place=place,
    )


def _upright(frame: Image.Image, source: Opened) -> Image.Image:
    """Return a version for finding faces: of `SIDE` pixels at most, upright."""
    scale = min(1.0, SIDE / max(frame.size))
    width, height = (max(1, round(side * scale)) for side in frame.size)
    frame = managed(frame.resize((width, height), Image.Resampling.BOX), source.reader.colour)
    return frame if source.turn is None else frame.transpose(source.turn)


def _thumbnail(frame: Image.Image, source: Opened) -> Image.Image:
    """Return an upright RGBA version of at most 32 pixels a side."""
    frame = managed(_small(frame), source.reader.colour).convert("RGBA")
    return frame if source.turn is None else frame.transpose(source.turn)


def _drawn(size: Size) -> Size:
    """Return the size of a drawing with a long side that is enough for the thumbnail."""
    scale = max(_TARGET) / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _small(frame: Image.Image) -> Image.Image:
    scale = _THUMBNAIL_SIDE / max(frame.size)
    if scale >= 1:
        return frame
    width, height = (max(1, round(side * scale)) for side in frame.size)
    return resized(frame, (width, height))


def _dominant_colour(thumbnail: Image.Image) -> str:
    """Return the mean of the largest of the eight groups that median cut finds.

    Mostly transparent pixels do not count; white if there are no others.
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
