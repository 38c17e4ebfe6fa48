"""Pictures for tests of the library, which never looks into their bytes."""

from __future__ import annotations

import hashlib
import io
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from progimage.library import Candidate, Library
from progimage.library.working_copies import WorkingCopies
from progimage.model import Capture, Metadata, Record
from progimage.stores import ObjectStore

FACTS = SimpleNamespace(
    media_type="image/png",
    width=2,
    height=1,
    frames=1,
    orientation=1,
    has_alpha=False,
    damage="",
    pages=1,
    faces=None,
    perceptual_hash="",
    capture=Capture(),
    place=None,
    dominant_colour="#ff0000",
    placeholder="",
)


def candidate(content: bytes, file_name: str = "a.png", owner: str = "") -> Candidate:
    """Return a received picture with these bytes."""
    digest = hashlib.sha256(content).hexdigest()
    picture_id = id_of(content, owner)
    return Candidate(io.BytesIO(content), picture_id, owner, digest, len(content), file_name, FACTS)


def add(
    library: Library, content: bytes, metadata: Metadata | None = None, owner: str = ""
) -> Record:
    """Add a picture with these bytes and return its record."""
    return library.add(candidate(content, owner=owner), metadata or Metadata())[0]


def add_with_copies(store: ObjectStore, content: bytes, owner: str = "") -> Record:
    """Add a picture of 12 megapixels with its working copies, as an upload does."""
    library = Library(store)
    large = SimpleNamespace(**{**vars(FACTS), "width": 4000, "height": 3000})
    record, _ = library.add(replace(candidate(content, owner=owner), facts=large), Metadata())
    copies = WorkingCopies(store, library, px=2048)
    with tempfile.TemporaryDirectory() as folder:
        files = {size: Path(folder) / str(size) for size in copies.sizes(record)[:2]}
        for file in files.values():
            file.write_bytes(b"pretend this is a copy")
        copies.store_all(record, files)
    return record


def id_of(content: bytes, owner: str = "") -> str:
    """Return the id that a picture with these bytes has."""
    prefix = owner.encode() + b"\0" if owner else b""
    return hashlib.sha256(prefix + content).hexdigest()


def stored_record(number: int, **fields: Any) -> Record:
    """Return a record of a picture that was stored; its id is made of `number`."""
    now = datetime.now(UTC)
    usual = {"sha256": f"{number:064x}", "size_bytes": 1, "file_name": ""}
    times = {"created": now, "modified": now}
    return Record(
        id=f"{number:064x}",
        generation="0123456789abcdef",
        **{**vars(FACTS), **usual, **times, **fields},
    )
