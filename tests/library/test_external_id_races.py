"""External ids while two requests at once want them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from progimage import keys
from progimage.errors import ExternalIdTaken, StoreFull
from progimage.library import Library
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


class RivalStore(MemoryStore):
    """A store in which something else happens just before an object is written.

    Attributes:
        rivals: what happens, once, by the key of the object.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rivals: dict[str, Callable[[], object]] = {}

    def put(self, key, source, **options):
        if (rival := self.rivals.pop(key, None)) is not None:
            rival()
        return super().put(key, source, **options)


@pytest.fixture
def raced() -> RivalStore:
    return RivalStore()


def is_taken(act: Callable[[], object]) -> Callable[[], None]:
    """Return a rival that must not get the id."""

    def rival() -> None:
        with pytest.raises(ExternalIdTaken):
            act()

    return rival


def test_of_two_uploads_at_once_one_gets_the_id_and_the_other_is_not_stored(raced):
    raced.rivals[KEY] = lambda: upload(raced, OLD)
    with pytest.raises(ExternalIdTaken):
        upload(raced, NEW)
    assert shown(raced) == OLD
    assert list(raced.list(keys.picture(id_of(NEW, "ann")))) == []
    assert findings(raced) == []


def test_an_id_is_reserved_while_its_picture_is_stored(raced):
    raced.rivals[record_key(NEW)] = is_taken(lambda: upload(raced, OLD))
    assert upload(raced, NEW).record.external_id == "sku-42"
    assert shown(raced) == NEW
    assert list(raced.list(keys.picture(id_of(OLD, "ann")))) == []
    assert findings(raced) == []


def test_an_upload_that_outlasts_its_reservation_is_stored_without_the_id(raced):
    later = {"clock": lambda: datetime.now(UTC) + timedelta(minutes=3)}
    raced.rivals[record_key(NEW)] = lambda: upload(raced, OLD, library=later)
    assert upload(raced, NEW).record.external_id == ""
    assert shown(raced) == OLD
    assert findings(raced) == []


def test_a_node_whose_clock_is_behind_keeps_to_reservations(raced):
    behind = {"clock": lambda: datetime.now(UTC) - timedelta(minutes=10)}
    raced.rivals[record_key(NEW)] = is_taken(lambda: upload(raced, OLD, library=behind))
    assert upload(raced, NEW).record.external_id == "sku-42"
    assert shown(raced) == NEW
    assert findings(raced) == []


@pytest.mark.parametrize("key", [KEY, record_key(NEW)])
def test_of_two_edits_at_once_one_gets_the_id_and_the_other_changes_nothing(raced, key):
    first, second = (OLD, NEW) if key == KEY else (NEW, OLD)
    upload(raced, first, "first")
    upload(raced, second, "second")
    before = Library(raced).find(ANN, id_of(second, "ann"))
    if key == KEY:  # the first edit begins and ends just before the second reserves the id
        raced.rivals[key] = lambda: edit(raced, first, "sku-42", title="changed")
        is_taken(lambda: edit(raced, second, "sku-42", title="changed"))()
    else:  # the second begins just before the first writes its record
        raced.rivals[key] = is_taken(lambda: edit(raced, second, "sku-42", title="changed"))
        edit(raced, first, "sku-42", title="changed")
    assert raced.rivals == {}
    assert shown(raced) == first
    assert Library(raced).find(ANN, before.id) == before
    assert (shown(raced, "first"), shown(raced, "second")) == (None, second)
    assert findings(raced) == []


def test_an_upload_whose_id_is_replaced_before_it_is_stored_has_none(raced):
    raced.rivals[record_key(NEW)] = lambda: upload(raced, OLD, on_external="replace")
    assert upload(raced, NEW).record.external_id == ""
    assert (shown(raced), id_in_record(raced, NEW)) == (OLD, "")
    assert findings(raced) == []


@pytest.mark.parametrize("key", [KEY, record_key(OLD)])
def test_a_restoration_and_an_edit_at_once_leave_one_picture_with_the_id(raced, key):
    upload(raced, OLD)
    upload(raced, NEW, "")
    put_in_trash(raced, OLD)
    take = partial(edit, raced, NEW, "sku-42")
    raced.rivals[key] = take if key == KEY else is_taken(take)
    restore(raced, OLD)
    expected = ("", "sku-42") if key == KEY else ("sku-42", "")
    assert (id_in_record(raced, OLD), id_in_record(raced, NEW)) == expected
    assert shown(raced) == (NEW if key == KEY else OLD)
    assert findings(raced) == []


def test_an_id_is_given_back_if_the_picture_cannot_be_stored(raced):
    def fail() -> None:
        raise StoreFull("the store is full")

    raced.rivals[record_key(NEW)] = fail
    with pytest.raises(StoreFull):
        upload(raced, NEW)
    upload(raced, OLD)
    assert shown(raced) == OLD


def test_of_two_replacements_at_once_the_last_wins(raced):
    raced.rivals[KEY] = lambda: upload(raced, OLD)
    upload(raced, NEW, on_external="replace")
    assert (shown(raced), id_in_record(raced, OLD)) == (NEW, "")
