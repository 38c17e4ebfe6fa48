"""Uploads in pieces: one chain of bytes, whichever node sends them, dies or comes too late."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage import keys
from progimage.config.clock_skew import APART_S
from progimage.errors import (
    CorruptPicture,
    DamagedRecord,
    Expired,
    InvalidRequest,
    KeyMissing,
    NotFound,
    RequestTooLarge,
    StoreUnavailable,
    UploadConflict,
)
from progimage.ingest.resumable import chunks
from progimage.ingest.resumable import keys as upload_keys
from progimage.ingest.resumable.state import Outcome, Progress
from progimage.ingest.resumable.uploads import ResumableUploads
from progimage.ingest.source import Pieces
from progimage.library import Candidate, Library
from progimage.maintenance.check import Check
from progimage.maintenance.gc import collect
from progimage.model import ANONYMOUS, Metadata
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import FACTS, id_of
from tests.schedules import every_schedule, play
from tests.stored import keys_outside_index
from tests.stores.dying import Died, DyingStore
from tests.system.s3.real import empty_store

NOW = datetime(2026, 1, 31, tzinfo=UTC)
# No node of any clock takes bytes any more for what was begun at NOW.
COLLECTED = NOW + timedelta(seconds=60 + APART_S)
PICTURE = b"pretend these are pixels"
MAX_BYTES = 100


def uploads(store: ObjectStore, now: datetime = NOW) -> ResumableUploads:
    """Return uploads whose pieces are at most 8 bytes long and that last for a minute."""
    return ResumableUploads(
        store, max_bytes=MAX_BYTES, expires_s=60, piece_bytes=8, clock=lambda: now
    )


def maker(store: ObjectStore) -> Callable[..., Outcome]:
    """Return what makes pictures: of all bytes that do not begin with "no"."""

    def make(source, upload) -> Outcome:
        data = b"".join(iter(lambda: source.read(5), b""))
        if data.startswith(b"no"):
            raise CorruptPicture("it has no pixels")
        sha256 = hashlib.sha256(data).hexdigest()
        candidate = Candidate(
            io.BytesIO(data), sha256, "", sha256, len(data), upload.file_name, FACTS
        )
        record, is_new = Library(store).add(candidate, upload.metadata)
        return Outcome(size_bytes=len(data), image_id=record.id, is_new=is_new)

    return make


def begin(store: ObjectStore, size_bytes: int | None = len(PICTURE), sent: bytes = b"") -> str:
    """Create an upload to which some bytes have been sent; return its id."""
    progress = uploads(store).create(Metadata(title="T"), file_name="a.png", size_bytes=size_bytes)
    uploads(store).append(progress, io.BytesIO(sent))
    return progress.upload.id


def send(store: ObjectStore, upload_id: str, data: bytes = PICTURE) -> Progress:
    """Do what a client does: ask how far the upload is, send the rest, have it finished."""
    progress = uploads(store).find(upload_id)
    progress = uploads(store).append(progress, io.BytesIO(data[progress.offset :]))
    return uploads(store).finish(progress, maker(store)) if progress.is_complete else progress


def joined(store: ObjectStore, progress: Progress) -> bytes:
    source = Pieces(chunks.blocks(store, progress.pieces))
    return b"".join(iter(lambda: source.read(3), b""))


def names(store: ObjectStore, prefix: str = "") -> list[str]:
    return [stat.key.rsplit("/", 1)[-1] for stat in store.list(prefix)]


class Breaking(io.BytesIO):
    """A body whose connection breaks after its bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise InvalidRequest("the connection broke")
        return data


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


def test_bytes_lie_in_pieces_of_bounded_size_named_by_their_offset(store):
    upload_id = begin(store, sent=PICTURE[:20])
    sizes = [(stat.key, stat.size) for stat in store.list(upload_keys.pieces(upload_id))]
    assert sizes == [
        (upload_keys.piece(upload_id, 0), 8),
        (upload_keys.piece(upload_id, 8), 8),
        (upload_keys.piece(upload_id, 16), 4),
    ]


def test_another_node_goes_on_where_the_first_stopped(store):
    upload_id = begin(store, sent=PICTURE[:13])
    assert uploads(store).find(upload_id).offset == 13
    assert send(store, upload_id).image_id == id_of(PICTURE)
    record = Library(store).find(ANONYMOUS, id_of(PICTURE))
    assert (record.title, record.file_name) == ("T", "a.png")


def test_a_finished_upload_keeps_its_outcome_and_not_its_pieces(store):
    upload_id = begin(store)
    send(store, upload_id)
    assert names(store, upload_keys.upload(upload_id)) == ["outcome.json", "slot.json"]
    found = uploads(store).find(upload_id)
    assert (found.image_id, found.offset, found.is_complete) == (id_of(PICTURE), len(PICTURE), True)


def test_two_who_send_the_same_bytes_get_one_success_and_one_conflict(store):
    upload_id = begin(store)
    first = second = uploads(store).find(upload_id)
    uploads(store).append(first, io.BytesIO(b"12345"))
    with pytest.raises(UploadConflict):
        uploads(store).append(second, io.BytesIO(b"abc"))
    assert joined(store, uploads(store).find(upload_id)) == b"12345"


def test_bytes_before_a_break_are_stored(store):
    upload_id = begin(store)
    progress = uploads(store).append(uploads(store).find(upload_id), Breaking(PICTURE[:11]))
    assert progress.offset == uploads(store).find(upload_id).offset == 11
    assert joined(store, progress) == PICTURE[:11]


def test_a_break_before_the_first_byte_is_reported(store):
    upload_id = begin(store, sent=PICTURE[:8])
    with pytest.raises(InvalidRequest, match="broke"):
        uploads(store).append(uploads(store).find(upload_id), Breaking())
    assert uploads(store).find(upload_id).offset == 8


@pytest.mark.parametrize("size_bytes", [20, None])
def test_a_piece_past_the_end_is_not_stored(store, size_bytes):
    """Those before it are: a client can go on from them."""
    upload_id = begin(store, size_bytes)
    with pytest.raises(RequestTooLarge):
        send(store, upload_id, b"x" * (MAX_BYTES + 1))
    assert uploads(store).find(upload_id).offset in (16, 96)
    assert not uploads(store).find(upload_id).is_complete


def test_the_size_may_be_given_once(store):
    upload_id = begin(store, None, sent=PICTURE[:9])
    assert not uploads(store).find(upload_id).is_complete
    for progress in (uploads(store).find(upload_id),) * 2:
        assert uploads(store).declare_size(progress, len(PICTURE)).size_bytes == len(PICTURE)
    with pytest.raises(UploadConflict):
        uploads(store).declare_size(progress, len(PICTURE) + 1)
    assert uploads(store).find(upload_id).size_bytes == len(PICTURE)
    assert send(store, upload_id).image_id == id_of(PICTURE)


def test_the_store_cannot_be_filled_with_crumbs(store, monkeypatch):
    monkeypatch.setattr("progimage.ingest.resumable.uploads.MAX_SHORT_PIECES", 3)
    upload_id = begin(store)
    for end in (1, 2, 10, 11):  # of 1, 1, 8 and 1 bytes
        send(store, upload_id, PICTURE[:end])
    with pytest.raises(InvalidRequest, match="3 short pieces"):
        send(store, upload_id, PICTURE[:12])
    assert uploads(store).find(upload_id).offset == 11


def test_a_file_that_is_no_picture_is_reported_to_all_waiting_and_not_stored(store):
    upload_id = begin(store, 4)
    for _ in range(2):
        with pytest.raises(CorruptPicture, match="no pixels"):
            send(store, upload_id, b"no!!")
    assert names(store) == ["outcome.json", "slot.json"]
    uploads(store).remove(upload_id)
    assert names(store) == []


def test_a_trouble_that_passes_leaves_the_upload_to_be_finished_later(store):
    upload_id = begin(store, sent=PICTURE)

    def fail(source, upload) -> str:
        raise StoreUnavailable("not now")

    with pytest.raises(StoreUnavailable):
        uploads(store).finish(uploads(store).find(upload_id), fail)
    found = uploads(store).find(upload_id)
    assert (found.is_complete, found.image_id) == (True, None)
    assert send(store, upload_id).image_id == id_of(PICTURE)


def test_a_lost_piece_is_reported_and_makes_no_picture(store):
    upload_id = begin(store, sent=PICTURE)
    progress = uploads(store).find(upload_id)
    store.delete(upload_keys.piece(upload_id, 8))
    with pytest.raises(KeyMissing):
        uploads(store).finish(progress, maker(store))
    assert names(store, keys.IMAGES) == []


def test_a_damaged_upload_differs_from_a_missing_one(store):
    upload_id = begin(store)
    store.put(upload_keys.record(upload_id), io.BytesIO(b"{"), media_type="")
    with pytest.raises(DamagedRecord):
        uploads(store).find(upload_id)
    assert collect(store, max_age=timedelta(1), max_bytes=1).expired_uploads == 0


@pytest.mark.parametrize("odd", ["", "x", "..", "../images", "0" * 31, "0" * 33, "A" * 32])
def test_a_malformed_id_is_not_found(store, odd):
    for act in (uploads(store).find, uploads(store).remove):
        with pytest.raises(NotFound):
            act(odd)


def test_unknown_fields_of_a_newer_version_are_passed_over(store):
    upload_id = begin(store)
    with store.open(upload_keys.record(upload_id)) as reader:
        newer = reader.read().replace(b"{", b'{"colour": "red",', 1)
    store.put(upload_keys.record(upload_id), io.BytesIO(newer), media_type="")
    assert send(store, upload_id).image_id == id_of(PICTURE)


class TestExpiry:
    def test_an_upload_is_there_until_its_time_is_over(self, store):
        upload_id = begin(store, sent=PICTURE[:5])
        assert uploads(store, NOW + timedelta(seconds=59)).find(upload_id).offset == 5
        late = uploads(store, NOW + timedelta(seconds=60))
        for act in (late.find, late.remove):
            with pytest.raises(Expired):
                act(upload_id)

    def test_a_collection_removes_what_has_expired_and_spares_the_rest(self, store):
        old, finished = begin(store, sent=PICTURE[:5]), begin(store)
        send(store, finished)
        young = (
            uploads(store, NOW + timedelta(seconds=30)).create(Metadata(), size_bytes=9).upload.id
        )
        sweep = collect(
            store,
            max_age=timedelta(1),
            max_bytes=1,
            clock=lambda: COLLECTED,
        )
        assert sweep.expired_uploads == 2
        left = {upload_keys.id_of(stat.key) for stat in store.list(upload_keys.UPLOADS)}
        assert left == {young}
        assert Library(store).find(ANONYMOUS, id_of(PICTURE)).title == "T"
        assert old != finished

    def test_a_collection_takes_what_crashes_left_of_uploads(self, store):
        upload_id = begin(store, sent=PICTURE)
        store.delete(upload_keys.record(upload_id))
        assert collect(store, max_age=timedelta(1), max_bytes=1).expired_uploads == 1
        assert names(store) == []

    def test_check_has_nothing_to_say_of_uploads(self, store):
        begin(store, sent=PICTURE[:5])
        assert list(Check(store, repair=True, grace=timedelta(0)).run()) == []
        assert len(keys_outside_index(store)) == 2


def crash_cases() -> list[object]:
    """Every store operation of a life from creation over two pieces to removal."""
    rehearsal = DyingStore(MemoryStore())
    life(rehearsal, SimpleNamespace())
    return [
        pytest.param(n, after, id=f"{'after' if after else 'at'} {n}: {method}")
        for n, (method, _) in enumerate(rehearsal.history, 1)
        for after in (False, True)
    ]


def life(store: ObjectStore, acknowledged: SimpleNamespace) -> None:
    """Note in `acknowledged` the answers a client got; calls that were cut short have none."""
    acknowledged.upload_id = uploads(store).create(Metadata(title="T"), size_bytes=None).upload.id
    acknowledged.offset = 0
    progress = uploads(store).append(
        uploads(store).find(acknowledged.upload_id), Breaking(PICTURE[:10])
    )
    acknowledged.offset = progress.offset
    progress = uploads(store).find(acknowledged.upload_id)
    progress = uploads(store).declare_size(progress, len(PICTURE))
    acknowledged.size_bytes = len(PICTURE)
    progress = uploads(store).append(progress, io.BytesIO(PICTURE[progress.offset :]))
    acknowledged.image_id = uploads(store).finish(progress, maker(store)).image_id
    acknowledged.offset = len(PICTURE)
    acknowledged.removed = True
    uploads(store).remove(acknowledged.upload_id)


@pytest.mark.parametrize(("n", "after"), crash_cases())
def test_a_node_that_dies_loses_nothing_that_it_acknowledged(store, n, after):
    acknowledged = SimpleNamespace()
    with pytest.raises(Died):
        life(DyingStore(store, n, after=after), acknowledged)

    if hasattr(acknowledged, "removed"):
        try:
            assert uploads(store).find(acknowledged.upload_id).image_id == id_of(PICTURE)
        except NotFound:
            assert upload_keys.record(acknowledged.upload_id) not in {
                stat.key for stat in store.list("")
            }
        assert Library(store).find(ANONYMOUS, id_of(PICTURE)).title == "T"
    elif hasattr(acknowledged, "upload_id"):
        found = uploads(store).find(acknowledged.upload_id)
        assert found.offset >= acknowledged.offset
        if found.image_id is None:
            assert joined(store, found) == PICTURE[: found.offset]
        uploads(store).declare_size(found, len(PICTURE))
        assert send(store, acknowledged.upload_id).image_id == id_of(PICTURE)
        assert Library(store).find(ANONYMOUS, id_of(PICTURE)).title == "T"

    collect(store, max_age=timedelta(1), max_bytes=1, clock=lambda: COLLECTED)
    assert names(store, upload_keys.UPLOADS) == []


def resume(store: ObjectStore, upload_id: str) -> None:
    send(store, upload_id)


def resume_in_parts(store: ObjectStore, upload_id: str) -> None:
    send(store, upload_id, PICTURE[:20])
    send(store, upload_id)


def lie(store: ObjectStore, upload_id: str) -> None:
    """Send other bytes."""
    send(store, upload_id, PICTURE.upper())


def break_off(store: ObjectStore, upload_id: str) -> None:
    progress = uploads(store).find(upload_id)
    uploads(store).append(progress, Breaking(PICTURE[progress.offset : 13]))


def give_up(store: ObjectStore, upload_id: str) -> None:
    uploads(store).remove(upload_id)


def sweep(store: ObjectStore, upload_id: str) -> None:
    collect(store, max_age=timedelta(1), max_bytes=1, clock=lambda: NOW)


@pytest.mark.parametrize(
    "acts",
    [
        (resume, resume),
        (resume, resume_in_parts),
        (resume, break_off),
        (resume, lie),
        (resume, sweep),
        (resume, give_up),
        (break_off, lie),
    ],
    ids=lambda acts: " with ".join(act.__name__ for act in acts),
)
def test_no_order_of_two_tears_the_bytes(acts):
    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        upload_id = begin(store, sent=PICTURE[:10])
        actors = [lambda view, act=act: act(view, upload_id) for act in acts]
        width = play(store, actors, choices, leaves_off=True)
        made = {keys.id_of_record(stat.key) for stat in store.list(keys.IMAGES)} - {None}
        if lie in acts:
            assert made <= mixtures()
        else:
            assert made <= {id_of(PICTURE)}
        if not {lie, give_up} & set(acts):
            assert send(store, upload_id).image_id == id_of(PICTURE)
        if give_up in acts:
            sweep(store, upload_id)
            assert names(store, upload_keys.UPLOADS) == []
        return width

    assert every_schedule(run, switches=2) > 10


def mixtures() -> set[str]:
    """Ids of what may come of two clients that send different bytes: whole pieces of each."""
    upper, offsets = PICTURE.upper(), range(10, len(PICTURE) + 1)
    return {id_of(PICTURE[:cut] + upper[cut:]) for cut in offsets} | {
        id_of(PICTURE[:10] + upper[10:cut] + PICTURE[cut:]) for cut in offsets
    }


@pytest.mark.parametrize("act", [resume, resume_in_parts, break_off], ids=lambda act: act.__name__)
def test_an_offset_never_shrinks_for_a_client_that_keeps_asking(act):
    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        upload_id = begin(store, sent=PICTURE[:10])
        seen = []

        def ask(view: ObjectStore) -> None:
            for _ in range(2):
                seen.append(uploads(view).find(upload_id).offset)

        width = play(store, [lambda view: act(view, upload_id), ask], choices)
        assert len(seen) == 2
        assert 10 <= seen[0] <= seen[1]
        return width

    every_schedule(run, switches=2)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 12), st.booleans())
def test_however_the_bytes_are_cut_the_picture_is_the_same(cuts, piece_bytes, breaks):
    store = MemoryStore()
    ours = ResumableUploads(store, max_bytes=MAX_BYTES, expires_s=60, piece_bytes=piece_bytes)
    progress = ours.create(Metadata(), size_bytes=len(PICTURE))
    for cut in [*cuts, len(PICTURE)]:
        start = progress.offset
        data = PICTURE[start : start + cut]
        if data:
            progress = ours.append(progress, (Breaking if breaks else io.BytesIO)(data))
    assert joined(store, progress) == PICTURE
    assert ours.finish(ours.find(progress.upload.id), maker(store)).image_id == id_of(PICTURE)
