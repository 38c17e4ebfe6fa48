"""How a picture is written: the settings of an encoder."""

from __future__ import annotations

from dataclasses import dataclass

from progimage.imaging.codecs.metadata import Metadata


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to write a picture.

    Attributes:
        quality: 1 to 100, or None for the format's default; it means nothing to
            formats that are always lossless.
        max_bytes: the result must not be larger; quality and then size give way.
        lossless: keep every pixel as it is.
        progressive: JPEG shows a coarse picture first; it means nothing elsewhere.
        metadata: which of the source's metadata is copied: "none"; "icc", a colour
            profile; "exif", that and the EXIF block without its location; "all".
        background: red, green and blue behind transparency in formats without it.
    """

    quality: int | None = None
    max_bytes: int | None = None
    lossless: bool = False
    progressive: bool = False
    metadata: Metadata = "none"
    background: tuple[int, int, int] = (255, 255, 255)
