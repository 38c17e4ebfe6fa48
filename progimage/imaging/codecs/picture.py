"""The value that flows through a pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from PIL.Image import Image

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Coding = Literal["", "lossless", "palette", "bilevel", "fax", "jpeg", "predicted"]
"""What makes a file small: a lossless WebP; a palette, or greys of less than 8 bits; black and
white alone, also as in a fax; JPEG inside a TIFF; differences of neighbours in a TIFF. "" is
anything else."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a picture was read from.

    Attributes:
        format: name of its format.
        size: width and height as displayed.
        size_bytes: of the file.
        quality: of a JPEG, alone or in a TIFF, 1 to 100, as its tables tell; else None.
        coding: what makes the file small.
    """

    format: str
    size: tuple[int, int]
    size_bytes: int
    quality: int | None = None
    coding: Coding = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded picture: upright, 8 bits a channel, sRGB.

    Attributes:
        frames: at least one; all the same size and the same mode, which is one of
            L, LA, RGB, RGBA. An animation's frames are whole, already composed.
        durations_ms: one per frame; (0,) for a still.
        loop: times an animation plays; 0 is forever. Meaningless for a still.
        exif: the source's EXIF block as it was found, or b""; `encode` resets its
            orientation, since the pixels are upright.
        xmp, iptc: the source's XMP packet and IPTC fields as they were found, or b"".
        icc: an sRGB profile to embed when metadata is copied, or b"" where the source
            had no profile.
        source: what the file was, for an encoder that writes the same again.
        part: the box of the frames, in fractions of pixels, that is the picture; None
            for all of them. A decoder that shrinks 2725 pixels to an eighth returns
            341 columns of which 340.625 are the picture.
    """

    frames: tuple[Image, ...]
    durations_ms: tuple[int, ...] = (0,)
    loop: int = 0
    exif: bytes = field(default=b"", repr=False)
    icc: bytes = field(default=b"", repr=False)
    xmp: bytes = field(default=b"", repr=False)
    iptc: bytes = field(default=b"", repr=False)
    source: Source | None = None
    part: Box | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frames[0].size

    @property
    def box(self) -> Box:
        """What of the frames to resample: give it to `Image.resize(box=...)`."""
        return self.part or (0, 0, *self.size)

    @property
    def mode(self) -> str:
        """Pillow mode that all frames share: L, LA, RGB or RGBA."""
        return self.frames[0].mode

    @property
    def is_animated(self) -> bool:
        """True if there is more than one frame."""
        return len(self.frames) > 1
