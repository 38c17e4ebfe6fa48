"""External ids: one picture each, through races, crashes, removals and repairs."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace

import pytest

from progimage import keys
from progimage.errors import ExternalIdTaken, NotFound
from progimage.ingest import known
from progimage.library import Library
from progimage.maintenance.check import Check
from progimage.maintenance.erase import erase
from progimage.model import Metadata, Viewer
from progimage.stores import ABSENT
from progimage.stores.memory import MemoryStore
from tests.candidates import candidate, id_of
from tests.stores.dying import Died, DyingStore

ANN = Viewer(name="ann")
OLD, NEW = b"the old picture", b"the new picture"
KEY = keys.external_id("ann", "sku-42")


def upload(store, content: bytes, external_id: str = "sku-42", **options):
    """Upload as `known.add` does, with bytes that stand for a picture."""
    library = Library(store)

    def keep(_staged, metadata, owner):
        return library.add(candidate(content, owner=owner), metadata)

    ingest = SimpleNamespace(keep=keep)
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


def edit(store, content: bytes, external_id: str | None):
    changes = {"external_id": external_id}
    return Library(store).edit(ANN, id_of(content, "ann"), changes, lambda _: True)


def findings(store, *, repair: bool = False) -> list[str]:
    return [f.kind for f in Check(store, repair=repair, grace=timedelta(0)).run()]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_an_id_leads_to_its_picture_and_is_that_of_one_owner(store):
    upload(store, OLD)
    assert shown(store) == OLD
    with pytest.raises(NotFound):
        Library(store).external_ids.find(ANN, "", "sku-42")
    with pytest.raises(NotFound):
        Library(store).external_ids.find(ANN, "ben", "sku-42")


def test_a_second_picture_does_not_get_the_id_and_is_not_stored(store):
    upload(store, OLD)
    with pytest.raises(ExternalIdTaken, match="on_external=replace"):
        upload(store, NEW)
    assert shown(store) == OLD
    with pytest.raises(NotFound):
        Library(store).find(ANN, id_of(NEW, "ann"))


def test_replacing_moves_the_id_and_the_old_picture_stays_without_it(store):
    upload(store, OLD)
    assert upload(store, NEW, on_external="replace").is_new
    assert shown(store) == NEW
    assert id_in_record(store, OLD) == ""
    again = upload(store, OLD, on_external="replace")
    assert not again.is_new
    assert again.applied == ("external_id",)
    assert (shown(store), id_in_record(store, NEW)) == (OLD, "")


def test_a_known_picture_gets_an_id_as_on_known_says(store):
    upload(store, OLD, "")
    unchanged = upload(store, OLD)
    assert (unchanged.applied, unchanged.not_applied) == ((), ("external_id",))
    assert shown(store) is None
    assert upload(store, OLD, on_known="merge").applied == ("external_id",)
    assert shown(store) == OLD
    assert upload(store, OLD, "other", on_known="merge").not_applied == ("external_id",)
    with pytest.raises(ExternalIdTaken, match="on_known=replace"):
        upload(store, OLD, "other", on_external="replace")
    upload(store, OLD, "other", on_known="replace")
    assert (shown(store), shown(store, "other")) == (None, OLD)


def test_an_edit_moves_a_picture_to_another_id(store):
    upload(store, OLD)
    upload(store, NEW, "sku-43")
    with pytest.raises(ExternalIdTaken):
        edit(store, NEW, "sku-42")
    assert shown(store, "sku-43") == NEW
    edit(store, OLD, "sku-44")
    assert (shown(store), shown(store, "sku-44")) == (None, OLD)
    edit(store, NEW, " sku-42 ")
    assert shown(store) == NEW
    edit(store, NEW, None)
    assert shown(store) is None
    assert [stat.key for stat in store.list(keys.EXTERNAL_IDS)] == [
        keys.external_id("ann", "sku-44")
    ]


def test_an_id_is_free_again_after_a_removal_and_waits_in_the_trash(store):
    upload(store, OLD)
    library = Library(store)
    library.trash.add(ANN, id_of(OLD, "ann"), timedelta(days=1))
    assert shown(store) is None
    library.trash.restore(ANN, id_of(OLD, "ann"))
    assert shown(store) == OLD
    library.remove(ANN, id_of(OLD, "ann"))
    assert list(store.list(keys.EXTERNAL_IDS)) == []
    upload(store, NEW)
    assert shown(store) == NEW


def test_a_picture_from_the_trash_whose_id_was_given_away_loses_it(store):
    upload(store, OLD)
    library = Library(store)
    library.trash.add(ANN, id_of(OLD, "ann"), timedelta(days=1))
    upload(store, NEW)
    library.trash.restore(ANN, id_of(OLD, "ann"))
    assert shown(store) == NEW
    assert findings(store, repair=True) == ["external id leads elsewhere"]
    assert id_in_record(store, OLD) == ""
    assert findings(store) == []
    assert shown(store) == NEW


class RivalStore(MemoryStore):
    """A store in which another upload writes a pointer just before the first one is created."""

    def __init__(self) -> None:
        super().__init__()
        self.rival: bytes | None = None

    def put(self, key, source, **options):
        if key == KEY and options["expect"] == ABSENT and (rival := self.rival):
            self.rival = None
            upload(self, rival)
        return super().put(key, source, **options)


def test_of_two_uploads_at_once_one_gets_the_id():
    store = RivalStore()
    store.rival = OLD
    with pytest.raises(ExternalIdTaken):
        upload(store, NEW)
    assert shown(store) == OLD
    assert id_in_record(store, NEW) == ""
    assert findings(store) == []


def test_of_two_replacements_at_once_the_last_wins():
    store = RivalStore()
    store.rival = OLD
    upload(store, NEW, on_external="replace")
    assert (shown(store), id_in_record(store, OLD)) == (NEW, "")


SCENARIOS = {
    "upload": ((), lambda s: upload(s, NEW), {None, NEW}),
    "replace": (
        (lambda s: upload(s, OLD),),
        lambda s: upload(s, NEW, on_external="replace"),
        {OLD, NEW},
    ),
    "edit": ((lambda s: upload(s, NEW, "first"),), lambda s: edit(s, NEW, "sku-42"), {None, NEW}),
    "trade": (
        (lambda s: upload(s, OLD), lambda s: upload(s, NEW, "")),
        lambda s: upload(s, NEW, on_external="replace"),
        {OLD, NEW},
    ),
}


def crashes() -> list[object]:
    cases = []
    for name, (before, act, _) in SCENARIOS.items():
        rehearsal = DyingStore(prepared(before))
        act(rehearsal)
        cases += [
            pytest.param(name, n, after, id=f"{name}, {'after' if after else 'at'} {n}")
            for n in range(1, rehearsal.operations + 1)
            for after in (False, True)
        ]
    return cases


def prepared(before) -> MemoryStore:
    store = MemoryStore()
    for step in before:
        step(store)
    return store


@pytest.mark.parametrize(("name", "n", "after"), crashes())
def test_a_crash_leaves_the_old_or_the_new_picture_and_the_next_try_finishes(name, n, after):
    before, act, allowed = SCENARIOS[name]
    for finish in (act, lambda s: findings(s, repair=True)):
        store = prepared(before)
        with pytest.raises(Died):
            act(DyingStore(store, n, after=after))
        assert shown(store) in allowed
        finish(store)
        assert shown(store) in allowed
        if finish is act:
            assert shown(store) == NEW
            findings(store, repair=True)
        assert findings(store) == []


class TestUpkeep:
    def test_a_damaged_or_idle_pointer_is_repaired(self, store):
        upload(store, OLD)
        for data in (b"{", b'{"owner": "ann", "external_id": "sku-42", "image_id": "0"}'):
            etag = store.stat(KEY).etag
            store.put(KEY, io.BytesIO(data), media_type="application/json", expect=etag)
            assert shown_or_damaged(store) is None
            assert "external id leads elsewhere" in findings(store)
            assert len(findings(store, repair=True)) == 2
            assert (findings(store), shown(store)) == ([], OLD)

    def test_an_unknown_key_is_named(self, store):
        store.put("external/ann/note", io.BytesIO(), media_type="text/plain")
        assert findings(store) == ["unknown key"]

    def test_erasing_an_account_leaves_no_pointer(self, store):
        upload(store, OLD)
        list(erase(store, "ann"))
        assert list(store.list(keys.EXTERNAL_IDS)) == []


def shown_or_damaged(store) -> bytes | None:
    try:
        return shown(store)
    except Exception:
        return None
