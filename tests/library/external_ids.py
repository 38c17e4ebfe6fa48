"""Pictures with external ids, for tests: bytes that stand for pictures of the account ann."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

from progimage import keys
from progimage.errors import NotFound
from progimage.ingest import known
from progimage.library import Library, owner_keys
from progimage.maintenance.check import Check
from progimage.model import Metadata, Viewer
from tests.candidates import candidate, id_of

ANN = Viewer(name="ann")
OLD, NEW = b"the old picture", b"the new picture"
KEY = owner_keys.external_id("ann", "sku-42")


def upload(store, content: bytes, external_id: str = "sku-42", **options):
    """Upload as `known.add` does, with bytes that stand for a picture."""
    library = Library(store, **options.pop("library", {}))

    def add(_staged, metadata, owner):
        return library.add(candidate(content, owner=owner), metadata)

    ingest = SimpleNamespace(add=add)
    staged = SimpleNamespace(id_for=lambda owner: id_of(content, owner))
    metadata = Metadata(external_id=external_id) if external_id else Metadata()
    on_known = options.get("on_known", "keep")
    on_external = options.get("on_external", "conflict")
    return known.add(ingest, library, staged, metadata, "ann", on_known, on_external)


def shown(store, external_id: str = "sku-42") -> bytes | None:
    """Return what an id leads to, None if it leads nowhere."""
    try:
        record = Library(store).external_ids.find(ANN, "ann", external_id)
    except NotFound:
        return None
    return {id_of(content, "ann"): content for content in (OLD, NEW)}[record.id]


def id_in_record(store, content: bytes) -> str:
    return Library(store).find(ANN, id_of(content, "ann")).external_id


def edit(store, content: bytes, external_id: str | None, *, is_expected=lambda _: True, **fields):
    changes = {"external_id": external_id, **fields}
    return Library(store).edit(ANN, id_of(content, "ann"), changes, is_expected)


def findings(store, *, repair: bool = False) -> list[str]:
    return [f.kind for f in Check(store, repair=repair, grace=timedelta(0)).run()]


def record_key(content: bytes) -> str:
    return keys.record(id_of(content, "ann"))


def put_in_trash(store, content: bytes) -> None:
    Library(store).trash.add(ANN, id_of(content, "ann"), timedelta(days=1))


def restore(store, content: bytes) -> None:
    with suppress(NotFound):  # it is not in the trash any more
        Library(store).trash.restore(ANN, id_of(content, "ann"))
