"""Pictures that look alike, by their perceptual hashes."""

from __future__ import annotations

from dataclasses import dataclass

from progimage.errors import InvalidRequest
from progimage.model import Record

DISTANCE = 8
"""Bits in which pictures that look alike may differ, unless a request says otherwise.

Measured on 5 photographs: copies of other sizes, qualities and in grey differ in 0 to 2 bits,
brighter and darker ones and those cut by 2 percent of each side in up to 6, with a watermark in
up to 8, cut by 5 percent in up to 14; two different photographs in at least 24.
"""

MAX_DISTANCE = 16


@dataclass(frozen=True, slots=True)
class Near:
    """A condition: looks like a picture, and is another one.

    Attributes:
        image_id: of that picture.
        look: its hash as a number; 0 for one of a single colour, which looks like no other.
        distance: the most bits in which a hash may differ.
    """

    image_id: str
    look: int
    distance: int = DISTANCE

    def has(self, look: int) -> bool:
        """True for the hash of what looks alike."""
        return bool(self.look and look) and (self.look ^ look).bit_count() <= self.distance

    def matches(self, record: Record) -> bool:
        """True for another picture that looks alike."""
        return record.id != self.image_id and self.has(look_of(record.perceptual_hash))


def near(record: Record, distance: int = DISTANCE) -> Near:
    """Return the condition of looking like a picture.

    Raises:
        InvalidRequest: an earlier version stored it, without a hash.
    """
    if not record.perceptual_hash:
        raise InvalidRequest(
            f"near: picture {record.id} has no perceptual hash, since an earlier version stored "
            "it; choose another picture"
        )
    return Near(record.id, look_of(record.perceptual_hash), distance)


def look_of(perceptual_hash: str) -> int:
    """Return a perceptual hash as a number; 0 for none."""
    return int(perceptual_hash or "0", 16)
