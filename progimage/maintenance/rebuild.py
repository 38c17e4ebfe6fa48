"""Rebuild the record of a picture from its original, where its own is damaged or lost."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from progimage import keys
from progimage.access.accounts.names import is_name
from progimage.access.accounts.users import Users
from progimage.errors import InvalidField, KeyMissing, PictureError, RenderFailed, RenderTimeout
from progimage.imaging.inspection import Facts
from progimage.ingest.ingest import clean_file_name, id_of_file
from progimage.library import Candidate, Library
from progimage.library.candidate import first_record
from progimage.model import Metadata, Record, parse_metadata
from progimage.stores import ObjectStore, Stat
from progimage.stores.temp_files import TempFolder

_CHUNK_BYTES = 1 << 20

Inspect = Callable[[str], Facts]
"""Decodes the picture in a file, in a separate process, and returns its facts."""


@dataclass(frozen=True, slots=True)
class Rebuilder:
    """Rebuilds records in one store.

    The owner is the account for which the bytes have the picture's id, so no account gets the
    picture of another one. The readable fields of a damaged record are used again: title,
    description, tags, visibility, file name and time of upload. Without them the picture of an
    account is private.
    """

    store: ObjectStore
    library: Library
    inspect: Inspect
    folder: TempFolder

    def rebuild(self, image_id: str, damaged: bytes = b"") -> Record | None:
        """Write a new record for a picture without one; return None if that is not possible.

        Args:
            damaged: the bytes that were stored as the record.
        """
        found = _readable(damaged)
        for stat in self.store.list(keys.picture(image_id)):
            if keys.id_and_generation_of_original(stat.key) is not None:
                record = self._record_of(stat, image_id, found)
                if record is not None and self.library.adopt(record):
                    return record
        return None

    def _record_of(self, stat: Stat, image_id: str, found: dict[str, Any]) -> Record | None:
        path = self.folder.path()
        try:
            with self.store.open(stat.key) as reader, path.open("xb") as file:
                while chunk := reader.read(_CHUNK_BYTES):
                    file.write(chunk)
            owner = self._owner_of(path, image_id, found)
            if owner is None:
                return None
            candidate = Candidate(
                io.BytesIO(),
                image_id,
                owner,
                id_of_file(path, ""),
                stat.size,
                clean_file_name(str(found.get("file_name", ""))),
                self.inspect(os.fspath(path)),
            )
        except (KeyMissing, PictureError, RenderFailed, RenderTimeout):
            return None
        finally:
            path.unlink(missing_ok=True)
        created = _time_in(found) or stat.modified
        return first_record(candidate, _metadata_in(found, owner), created).model_copy(
            update={
                "generation": stat.key.rpartition("original-")[2],
                "modified": max(created, stat.modified),
            }
        )

    def _owner_of(self, path: Path, image_id: str, found: dict[str, Any]) -> str | None:
        """Return the owner for whom the bytes have this id, None if there is none."""
        for owner in self._owners(found):
            if id_of_file(path, owner) == image_id:
                return owner
        return None

    def _owners(self, found: dict[str, Any]) -> Iterator[str]:
        if isinstance(named := found.get("owner"), str) and is_name(named):
            yield named
        yield ""
        for user in Users(self.store).all():
            yield user.name


def _readable(damaged: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        if isinstance(found := json.loads(damaged), dict):
            return found
    return {}


def _time_in(found: dict[str, Any]) -> datetime | None:
    with suppress(ValidationError):
        time = TypeAdapter(datetime).validate_python(found.get("created"))
        return time if time.tzinfo else None
    return None


def _metadata_in(found: dict[str, Any], owner: str) -> Metadata:
    metadata = Metadata(visibility="private" if owner else "public")
    for name in Metadata.model_fields:
        if name == "visibility" and not owner:
            continue
        if name in found:
            with suppress(InvalidField):
                metadata = parse_metadata({name: found[name]}, metadata)
    return metadata
