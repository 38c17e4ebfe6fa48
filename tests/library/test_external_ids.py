"""External ids: one picture each, through crashes, removals and repairs."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from progimage.errors import ExternalIdTaken, NotFound, PreconditionFailed
from progimage.library import Library, owner_keys
from progimage.maintenance.erase import erase
from progimage.stores.memory import MemoryStore
from tests.candidates import id_of
from tests.library.external_ids import (
    ANN,
    KEY,
    NEW,
    OLD,
    edit,
    findings,
    id_in_record,
    put_in_trash,
    record_key,
    restore,
    shown,
    upload,
)
from tests.stores.dying import Died, DyingStore


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
    assert [stat.key for stat in store.list(owner_keys.EXTERNAL_IDS)] == [
        owner_keys.external_id("ann", "sku-44")
    ]


def test_an_id_is_free_again_after_a_removal_and_waits_in_the_trash(store):
    upload(store, OLD)
    library = Library(store)
    library.trash.add(ANN, id_of(OLD, "ann"), timedelta(days=1))
    assert shown(store) is None
    library.trash.restore(ANN, id_of(OLD, "ann"))
    assert shown(store) == OLD
    library.remove(ANN, id_of(OLD, "ann"))
    assert list(store.list(owner_keys.EXTERNAL_IDS)) == []
    upload(store, NEW)
    assert shown(store) == NEW


def restore_by_upload(store, content: bytes) -> None:
    upload(store, content, "")


@pytest.mark.parametrize("restored", [restore, restore_by_upload])
def test_a_picture_from_the_trash_whose_id_was_given_away_comes_back_without_it(store, restored):
    upload(store, OLD)
    put_in_trash(store, OLD)
    upload(store, NEW, "")
    edit(store, NEW, "sku-42")
    restored(store, OLD)
    assert (id_in_record(store, OLD), id_in_record(store, NEW)) == ("", "sku-42")
    assert shown(store) == NEW
    assert findings(store) == []


def test_an_id_is_given_back_if_the_edit_fails(store):
    upload(store, OLD)
    upload(store, NEW, "")
    put_in_trash(store, OLD)
    for external_id in ("sku-42", "sku-43"):
        with pytest.raises(PreconditionFailed):
            edit(store, NEW, external_id, is_expected=lambda _: False)
    assert findings(store) == []
    restore(store, OLD)
    assert shown(store) == OLD
    edit(store, OLD, "sku-43")
    assert shown(store, "sku-43") == OLD


def test_the_id_of_an_upload_that_died_is_free_for_others_after_two_minutes(store):
    with pytest.raises(Died):
        upload(DyingOnRecord(store), NEW)
    with pytest.raises(ExternalIdTaken, match="given to"):
        upload(store, OLD)
    later = datetime.now(UTC) + timedelta(minutes=2, seconds=1)
    upload(store, OLD, library={"clock": lambda: later})
    assert shown(store) == OLD


class DyingOnRecord(DyingStore):
    """A store whose process dies before it writes the record of the new picture."""

    def put(self, key, source, **options):
        if key == record_key(NEW):
            self.dead = True
        return super().put(key, source, **options)


SCENARIOS = {
    "upload": ((), lambda s: upload(s, NEW), {None, NEW}),
    "replace": (
        (lambda s: upload(s, OLD),),
        lambda s: upload(s, NEW, on_external="replace"),
        {OLD, NEW},
    ),
    "edit": ((lambda s: upload(s, NEW, "first"),), lambda s: edit(s, NEW, "sku-42"), {None, NEW}),
    "take from the trash": (
        (lambda s: upload(s, OLD), lambda s: put_in_trash(s, OLD), lambda s: upload(s, NEW, "")),
        lambda s: edit(s, NEW, "sku-42"),
        {None, NEW},
    ),
    "restore": (
        (lambda s: upload(s, NEW), lambda s: put_in_trash(s, NEW)),
        lambda s: restore(s, NEW),
        {None, NEW},
    ),
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
        assert list(store.list(owner_keys.EXTERNAL_IDS)) == []


def shown_or_damaged(store) -> bytes | None:
    try:
        return shown(store)
    except Exception:
        return None
