"""The first record of a picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from progimage.library.candidate import first_record
from progimage.model import Metadata
from tests.candidates import candidate

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_has_the_facts_of_the_picture_and_the_fields_of_the_client():
    sent = replace(candidate(b"picture", "a.png", "ann"), imported_from="https://example.org/a")
    record = first_record(sent, Metadata(title="Harbour", tags=("sea",)), NOW)
    assert (record.id, record.owner, record.size_bytes) == (sent.id, "ann", 7)
    assert (record.title, record.tags, record.file_name) == ("Harbour", ("sea",), "a.png")
    assert (record.width, record.height, record.media_type) == (2, 1, "image/png")
    assert (record.created, record.modified, record.revision) == (NOW, NOW, 1)
    assert record.source == "https://example.org/a"
    assert not record.damaged


def test_each_original_has_a_name_of_its_own():
    one, other = (first_record(candidate(b"picture"), Metadata(), NOW) for _ in range(2))
    assert one.id == other.id
    assert one.generation != other.generation
