"""A process that dies at any store operation: an event is sent exactly if its change is there.

Every change is first made to its end to learn its store operations, then once for each of
them and for both sides of it: dead before it took effect, and dead just after.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from progimage.errors import NotFound
from progimage.jobs.creation import import_of
from progimage.jobs.model import Outcome
from progimage.jobs.state import Jobs
from progimage.library import Library, read_record
from progimage.library.events import Events
from progimage.model import EventKind, Metadata, Viewer
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from progimage.webhooks import keys
from progimage.webhooks.events import StoredEvent
from progimage.webhooks.outbox import Outbox
from progimage.webhooks.queue import Queue
from progimage.webhooks.recovery import Recovery
from tests.candidates import add, candidate, id_of
from tests.stores.dying import Died, DyingStore

ANN = Viewer(name="ann")
PICTURE = b"the bytes of a picture"
ID = id_of(PICTURE, "ann")
ALL: frozenset[EventKind] = frozenset(
    {"image.created", "image.updated", "image.deleted", "job.finished"}
)
REQUEST, ENTRIES = import_of(
    ["http://a.example/1.jpg"], Metadata(), owner="ann", created=datetime.now(UTC)
)


def outbox(store: ObjectStore, *names: str) -> Outbox:
    return Outbox(store, dict.fromkeys(names or ("shop",), ALL))


def upload(store: ObjectStore, events: Events) -> None:
    add(Library(store, events=events), PICTURE, owner="ann")


def edit(store: ObjectStore, events: Events) -> None:
    Library(store, events=events).edit(ANN, ID, {"title": "edited"}, lambda _: True)


def remove(store: ObjectStore, events: Events) -> None:
    Library(store, events=events).remove(ANN, ID)


def trash(store: ObjectStore, events: Events) -> None:
    Library(store, events=events).trash.add(ANN, ID, timedelta(days=30))


def restore(store: ObjectStore, events: Events) -> None:
    Library(store, events=events).trash.restore(ANN, ID)


def end_job(store: ObjectStore, events: Events) -> None:
    Jobs(store, events=events).end_if_done(REQUEST)


def nothing(store: ObjectStore) -> None:
    return


def with_picture(store: ObjectStore) -> None:
    add(Library(store), PICTURE, owner="ann")


def with_trashed_picture(store: ObjectStore) -> None:
    with_picture(store)
    Library(store).trash.add(ANN, ID, timedelta(days=30))


def with_done_job(store: ObjectStore) -> None:
    jobs = Jobs(store)
    jobs.create(REQUEST, ENTRIES)
    jobs.outcomes.create(REQUEST, 0, Outcome(image_id=ID))


def is_live(store: ObjectStore) -> bool:
    try:
        return read_record(store, ID)[0].state == "live"
    except NotFound:
        return False


def is_edited(store: ObjectStore) -> bool:
    return read_record(store, ID)[0].title == "edited"


def has_ended(store: ObjectStore) -> bool:
    return Jobs(store).has_ended(REQUEST)


Change = Callable[[ObjectStore, Events], None]
CHANGES: dict[str, tuple[Callable, Change, Callable[[ObjectStore], bool], EventKind]] = {
    "upload": (nothing, upload, is_live, "image.created"),
    "edit": (with_picture, edit, is_edited, "image.updated"),
    "remove": (with_picture, remove, lambda store: not is_live(store), "image.deleted"),
    "trash": (with_picture, trash, lambda store: not is_live(store), "image.deleted"),
    "restore": (with_trashed_picture, restore, is_live, "image.created"),
    "job": (with_done_job, end_job, has_ended, "job.finished"),
}


def queued(store: ObjectStore, hook: str = "shop") -> list[StoredEvent]:
    queue = Queue(store, hook)
    return [event for key in queue.waiting() if (event := queue.read(key))]


def recover(store: ObjectStore) -> None:
    """Have another process look twice, with more than the time for living writers between."""
    seconds = [0.0]
    recovery = Recovery(store, settle_s=15, seconds=lambda: seconds[0])
    recovery.look()
    seconds[0] = 16
    recovery.look()


@pytest.mark.parametrize("name", CHANGES)
def test_an_acknowledged_change_has_one_event_at_each_receiver(name):
    before, change, _, kind = CHANGES[name]
    store = MemoryStore()
    before(store)
    change(store, outbox(store, "shop", "log"))
    for hook in ("shop", "log"):
        assert [event.type for event in queued(store, hook)] == [kind]
    assert not list(store.list(keys.PENDING))
    recover(store)
    assert len(queued(store)) == 1


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_crash_there_is_an_event_exactly_if_the_change_is_there(name):
    before, change, is_there, kind = CHANGES[name]
    whole = DyingStore(MemoryStore())
    before(whole.inner)
    change(whole, outbox(whole))
    assert len(whole.history) > 3
    for number in range(1, len(whole.history) + 1):
        for after in (False, True):
            inner = MemoryStore()
            before(inner)
            dying = DyingStore(inner, number, after=after)
            with suppress(Died):
                change(dying, outbox(dying))
            recover(inner)
            expected = [kind] if is_there(inner) else []
            assert [event.type for event in queued(inner)] == expected, (number, after)


def test_a_removal_that_another_process_finishes_has_the_event_of_the_first():
    inner = MemoryStore()
    with_picture(inner)
    original = read_record(inner, ID)[0]
    dying = DyingStore(inner)
    remove(dying, outbox(dying))
    marked = dying.history.index(("put", f"images/{ID[:2]}/{ID}/record.json")) + 1
    inner = MemoryStore()
    with_picture(inner)
    dying = DyingStore(inner, marked, after=True)
    with suppress(Died):
        remove(dying, outbox(dying))
    assert not queued(inner)
    remove(inner, outbox(inner))
    recover(inner)
    [event] = queued(inner)
    assert (event.type, event.data["title"]) == ("image.deleted", original.title)


def dead_before_record(change: Change) -> MemoryStore:
    """Return a store with the picture, where a process died before it wrote the record."""
    dies_at = 0  # the first time it lives, which shows where to die
    for _ in range(2):
        inner = MemoryStore()
        with_picture(inner)
        dying = DyingStore(inner, dies_at)
        with suppress(Died):
            change(dying, outbox(dying))
        dies_at = dying.history.index(("put", f"images/{ID[:2]}/{ID}/record.json")) + 1
    return inner


def test_a_removal_that_did_not_happen_is_not_seen_in_a_restored_original():
    store = dead_before_record(remove)
    original = store.list(f"images/{ID[:2]}/{ID}/original-")
    store.delete(next(iter(original)).key)
    before = read_record(store, ID)[0]
    restored = Library(store).originals.restore(candidate(PICTURE, owner="ann"))
    assert restored.generation != before.generation
    recover(store)
    assert not queued(store)


def test_a_removal_is_seen_although_the_picture_was_uploaded_again():
    store = dead_before_record(remove)
    Library(store).remove(ANN, ID)
    with_picture(store)
    recover(store)
    assert [event.type for event in queued(store)] == ["image.deleted"]


def test_an_upload_that_failed_for_good_is_forgotten_after_an_hour():
    inner = MemoryStore()
    dying = DyingStore(inner)
    upload(dying, outbox(dying))
    at = dying.history.index(("put", f"images/{ID[:2]}/{ID}/record.json")) + 1
    inner = MemoryStore()
    dying = DyingStore(inner, at)
    with suppress(Died):
        upload(dying, outbox(dying))
    recover(inner)
    assert list(inner.list(keys.PENDING))
    later = Recovery(inner, 0, clock=lambda: datetime.now(UTC) + timedelta(hours=2))
    assert later.look() == 0
    assert not list(inner.list(keys.PENDING))
    assert not queued(inner)


def test_the_event_of_a_lost_race_is_withdrawn():
    class Racing(MemoryStore):
        """Another upload of the picture commits just before the first one does."""

        has_raced = False

        def put(self, key, source, *, media_type, expect=None):
            if key.endswith("record.json") and not self.has_raced:
                self.has_raced = True
                add(Library(self, events=outbox(self)), PICTURE, owner="ann")
            return super().put(key, source, media_type=media_type, expect=expect)

    store = Racing()
    upload(store, outbox(store))
    assert len(queued(store)) == 1
    assert not list(store.list(keys.PENDING))


def test_emptying_the_trash_sends_nothing_more():
    store = MemoryStore()
    with_trashed_picture(store)
    Library(store, events=outbox(store)).remove(ANN, ID, from_trash=True)
    assert not queued(store)


def test_a_receiver_gets_only_the_events_that_it_wants():
    store = MemoryStore()
    events = Outbox(store, {"shop": frozenset({"image.deleted"}), "log": ALL})
    upload(store, events)
    edit(store, events)
    remove(store, events)
    assert [event.type for event in queued(store, "shop")] == ["image.deleted"]
    assert len(queued(store, "log")) == 3


def test_the_data_of_a_picture_are_what_every_viewer_of_it_may_see():
    store = MemoryStore()
    upload(store, outbox(store))
    [event] = queued(store)
    assert event.data == read_record(store, ID)[0].facts()


def test_the_data_of_a_job_are_its_summary():
    store = MemoryStore()
    with_done_job(store)
    end_job(store, outbox(store))
    [event] = queued(store)
    assert event.data["id"] == REQUEST.id
    assert event.data["status"] == "complete"
    assert event.data["counts"] == {"total": 1, "pending": 0, "complete": 1, "failed": 0}
