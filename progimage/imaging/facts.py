"""What is worth knowing of a picture before it is kept."""

from __future__ import annotations

from dataclasses import dataclass

from progimage.imaging.limits import Limits


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

    Raises:
        PictureError: the subclass says what is wrong with it.
    """
    raise NotImplementedError
