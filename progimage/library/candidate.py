"""A picture on its way into the library, and the first version of its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from progimage import keys
from progimage.imaging.inspection import Facts
from progimage.model import Capture, Metadata, Place, Record

PictureFacts = Facts | Record
"""The facts of a decoded picture: of one that was just inspected, or from an earlier record."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that was received and inspected but is not stored yet.

    Attributes:
        source: its bytes, positioned at the first one.
        id: that of the bytes as a picture of `owner`; see `keys.id_hash`.
        sha256: of all its `size_bytes`.
        imported_from: becomes the `source` of the record.
    """

    source: BinaryIO
    id: str
    owner: str
    sha256: str
    size_bytes: int
    file_name: str
    facts: PictureFacts
    imported_from: str = ""


def first_record(candidate: Candidate, metadata: Metadata, now: datetime) -> Record:
    """Return the first record of a picture; its original gets a name of its own."""
    facts = candidate.facts
    return Record(
        id=candidate.id,
        owner=candidate.owner,
        generation=keys.new_generation(),
        sha256=candidate.sha256,
        size_bytes=candidate.size_bytes,
        file_name=candidate.file_name,
        source=candidate.imported_from,
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        frames=facts.frames,
        pages=facts.pages,
        faces=facts.faces,
        orientation=facts.orientation,
        has_alpha=facts.has_alpha,
        perceptual_hash=facts.perceptual_hash,
        capture=Capture.model_validate(facts.capture),
        place=Place.model_validate(facts.place) if facts.place else None,
        damaged=bool(facts.damage),
        damage=facts.damage,
        dominant_colour=facts.dominant_colour,
        placeholder=facts.placeholder,
        created=now,
        modified=now,
        **metadata.model_dump(),
    )
