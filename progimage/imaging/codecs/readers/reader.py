"""The interface of the readers of formats, and how damage is reported."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags, Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.cicp import Hdr
from progimage.imaging.codecs.picture import Box, Coding

Size = tuple[int, int]
Colour = bytes | Hdr | None
"""An ICC profile, high dynamic range, or None for sRGB."""

MIN_SHOWN = 0.25
"""The part of a damaged picture that must be there; with less it is not worth keeping."""

# Browsers agree to show frames of 10 ms or less for 100 ms: such files were made
# for viewers that could not keep up. Other formats would play them too fast.
_DEFAULT_DURATION_MS = 100

_EXIF = b"Exif\0\0"
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame, as it is shown but for colour management and orientation.

    Attributes:
        image: in any mode that `colour_management.plain` takes.
        duration_ms: how long an animation shows it.
        part: as in `Picture`.
    """

    image: Image.Image
    duration_ms: int = 0
    part: Box | None = None


class Reader:
    """A picture whose header is read, and nothing decoded.

    Attributes:
        size: width and height as stored.
        frame_count: frames to show; 1 for a still.
        page_count: pages of a PDF or TIFF; else 1.
        plays: how often an animation plays; 0 is forever.
        turn_by: EXIF orientation, 1 to 8, that the stored pixels need.
        colour: what the numbers of the frames mean.
        is_tagged: the file says what its colours mean.
        exif: the EXIF block, beginning with "Exif" and two zero bytes, or b"".
        xmp: the XMP packet, or b"".
        iptc: the Photoshop resources that hold IPTC fields, as in a JPEG's APP13, or b"".
        quality: of a JPEG, alone or in a TIFF, 1 to 100, as its tables tell; else None.
        coding: what makes the file small, as in `Source`.
        accepts_damage: False to raise where pixels are missing.
        damage: what is wrong with the file, one entry each; complete once all is decoded.
    """

    def __init__(self, *, accepts_damage: bool) -> None:
        self.size: Size = (0, 0)
        self.frame_count = 1
        self.page_count = 1
        self.plays = 0
        self.turn_by = 1
        self.colour: Colour = None
        self.is_tagged = False
        self.exif = b""
        self.xmp = b""
        self.iptc = b""
        self.quality: int | None = None
        self.coding: Coding = ""
        self.accepts_damage = accepts_damage
        self.damage: list[str] = []

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Decode the first `count` frames, each composed on those before it.

        `target` is a size that is large enough, as in `decode`; a reader may ignore it.
        """
        raise NotImplementedError

    def note_damage(self, what: str, *, loses_pixels: bool = False) -> None:
        """Remember damage that the picture survives.

        Raises:
            CorruptPicture: it loses pixels, and that is not accepted.
        """
        if loses_pixels and not self.accepts_damage:
            raise CorruptPicture(f"the picture is truncated or damaged: {what}; send it again")
        if what not in self.damage:
            self.damage.append(what)

    def check_shown(self, shown: float) -> None:
        """Raise `CorruptPicture` unless enough of a damaged picture is there."""
        if shown < MIN_SHOWN:
            raise CorruptPicture(
                "the picture is truncated or damaged and most of it is missing; send it again"
            )


def duration_ms(value: float) -> int:
    """Return how long a frame is shown that says `value`."""
    duration = round(value)
    return duration if duration > 10 else _DEFAULT_DURATION_MS


def exif_orientation(exif: bytes) -> int:
    """Return the orientation in an EXIF block; 1 where there is none or it is nonsense.

    As in browsers only one number of 16 bits counts. Source: EXIF 2.32, 4.6.2 and 4.6.4.
    """
    block = exif[len(_EXIF) :] if exif.startswith(_EXIF[:5]) else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return 1
    [start] = struct.unpack_from(order + "I", block, 4)
    [count] = struct.unpack(order + "H", block[start : start + 2].ljust(2, b"\0"))
    for at in range(start + 2, start + 2 + 12 * count, 12):
        entry = block[at : at + 12]
        if len(entry) < 12:
            break
        tag, kind, number, value = struct.unpack(order + "HHIHxx", entry)
        if tag == ExifTags.Base.Orientation:
            return value if (kind, number) == (_SHORT, 1) and value in range(1, 9) else 1
    return 1


def as_resource(iptc: bytes) -> bytes:
    """Return IPTC fields as the Photoshop resource that holds them.

    Source: Adobe Photoshop file formats, image resource blocks; 1028 is the IPTC-NAA record.
    """
    if not iptc:
        return b""
    return b"8BIM" + struct.pack(">HHI", 1028, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)


def with_exif_header(block: bytes) -> bytes:
    """Return a bare TIFF block as JPEG has it, with "Exif" before it."""
    if not block or block.startswith(_EXIF):
        return block
    return _EXIF + block
