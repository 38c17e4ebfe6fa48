"""From a picture to bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

from progimage.imaging.formats import Format
from progimage.imaging.picture import Picture

Metadata = Literal["none", "icc", "exif", "all"]


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to write a picture.

    Attributes:
        quality: 1 to 100, or None for the format's default.
        max_bytes: the result must not be larger; quality and then size give way.
        lossless: keep every pixel as it is, where the format can.
        progressive: JPEG shows a coarse picture first; ignored elsewhere.
        metadata: what of the source's metadata goes along: "none"; "icc", a colour
            profile; "exif", that and the EXIF block without its location; "all".
        background: red, green and blue behind transparency where it cannot be kept.
    """

    quality: int | None = None
    max_bytes: int | None = None
    lossless: bool = False
    progressive: bool = False
    metadata: Metadata = "none"
    background: tuple[int, int, int] = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What was written: bytes, pixels a side, frames, and the quality used if any."""

    size_bytes: int
    width: int
    height: int
    frames: int
    quality: int | None


def encode(
    picture: Picture, target: str | BinaryIO, form: Format, options: EncodeOptions | None = None
) -> Encoded:
    """Write `picture` in the format `form` to a path or an open file.

    Raises:
        OutputTooLarge: it cannot be made to fit `options.max_bytes`.
    """
    raise NotImplementedError
