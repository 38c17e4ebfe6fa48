"""Uploads of known pictures: rules for the metadata that is sent with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from progimage.errors import ExternalIdTaken
from progimage.fields import fold
from progimage.imaging.did_you_mean import shown
from progimage.ingest.ingest import Ingest, Staged
from progimage.library import Library
from progimage.model import Metadata, Record, Viewer

OnKnown = Literal["keep", "merge", "replace"]
"""What to do with the metadata that is sent with a known picture.

keep: nothing. merge: add the tags and the custom fields that it lacks, and fill other fields that
are empty. replace: set every field that was sent. No mode changes a field that was not sent,
and only replace changes the visibility.
"""


OnExternal = Literal["conflict", "replace"]
"""What to do with an external id that another picture has: nothing, or move it to the new one."""


@dataclass(frozen=True, slots=True)
class Added:
    """The picture of an upload, and what happened to the metadata that was sent.

    Attributes:
        is_new: False if the picture was known.
        applied: the fields that changed a known picture.
        not_applied: the fields that differ from a known picture and did not change it.
    """

    record: Record
    is_new: bool
    applied: tuple[str, ...] = ()
    not_applied: tuple[str, ...] = ()


def add(
    ingest: Ingest,
    library: Library,
    staged: Staged,
    metadata: Metadata,
    owner: str,
    on_known: OnKnown,
    on_external: OnExternal = "conflict",
) -> Added:
    """Add a picture of `owner` to the library, or apply the metadata to a known one.

    `metadata.model_fields_set` are the fields that were sent.

    Raises: what `Ingest.add` and `Library.edit` raise, and
        ExternalIdTaken: another picture has the external id, so this one was not stored; or
            this one has another.
    """
    ids, replaces = library.external_ids, on_external == "replace"
    image_id = staged.id_for(owner) if metadata.external_id else ""
    with ids.claim(owner, metadata.external_id, image_id, replaces=replaces) as claim:
        record, is_new = ingest.add(staged, metadata, owner)
        # Also for a known picture: the process that stored it may have died before this.
        record = claim.settle(record)
    if is_new:
        return Added(record, True)
    differing = _differing(record, metadata)
    changes = {
        name: differing[name] for name in differing if _is_applied(name, metadata, record, on_known)
    }
    if replaces and "external_id" in differing and metadata.external_id:
        if record.external_id and on_known != "replace":
            raise ExternalIdTaken(
                f"external_id: these bytes are picture {record.id}, which has the external id "
                f"{shown(record.external_id)}; on_known=replace gives it this one instead"
            )
        changes["external_id"] = metadata.external_id
    if "tags" in changes and on_known == "merge":
        changes["tags"] = (*record.tags, *metadata.tags)
    if "custom" in changes and on_known == "merge":
        changes["custom"] = {**metadata.custom, **record.custom}
    viewer = Viewer(name=owner)
    if "external_id" in changes:
        record = ids.edit(viewer, record.id, changes, lambda _: True, replaces=replaces)
    elif changes:
        record = library.edit(viewer, record.id, changes, lambda _: True)
    return Added(record, False, tuple(changes), tuple(n for n in differing if n not in changes))


def _differing(record: Record, metadata: Metadata) -> dict[str, Any]:
    """Return the fields that were sent and differ from the record."""
    sent = {name: getattr(metadata, name) for name in Metadata.model_fields}
    return {
        name: value
        for name, value in sent.items()
        if name in metadata.model_fields_set and not _is_same(name, value, getattr(record, name))
    }


def _is_same(name: str, sent: Any, stored: Any) -> bool:
    if name == "tags":
        return {fold(tag) for tag in sent} == {fold(tag) for tag in stored}
    if name == "custom":
        return bool({**stored, **sent} == stored)
    return bool(sent == stored)


def _is_applied(name: str, metadata: Metadata, record: Record, on_known: OnKnown) -> bool:
    if on_known == "merge":
        if name == "custom":
            return not metadata.custom.keys() <= record.custom.keys()
        return name == "tags" or (name != "visibility" and not getattr(record, name))
    return on_known == "replace"
