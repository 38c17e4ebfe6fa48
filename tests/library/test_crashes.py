"""A process that dies at any store operation loses nothing and shows nothing half-done.

Every scenario is first run to its end to learn its store operations, then once for
each of them and for both sides of it: dead before it took effect, and dead just after.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from progimage import keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import NotFound
from progimage.imaging.codecs import formats
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.library import Library, read_record
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.maintenance.check import Check
from progimage.maintenance.findings import REPAIRABLE
from progimage.maintenance.gc import collect
from progimage.model import Metadata, Record, Viewer
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import add, add_with_copies, id_of
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool
from tests.stored import keys_outside_index
from tests.stores.dying import Died, DyingStore

PICTURE = saved(Image.new("RGB", (8, 6), "red"), "PNG")
ANN = Viewer(name="ann")
OTHER = saved(Image.new("RGB", (5, 5), "blue"), "PNG")
LIMITS = Limits()
PIPELINE = parse("resize:w=4", limits=LIMITS)


def upload(store: ObjectStore) -> None:
    add(Library(store), PICTURE, Metadata(title="new", tags=("sea",)), "ann")


def upload_large(store: ObjectStore) -> None:
    add_with_copies(store, PICTURE, "ann")


def edit(store: ObjectStore) -> None:
    changes = {"title": "edited", "tags": ["sky"]}
    Library(store).edit(ANN, id_of(PICTURE, "ann"), changes, lambda current: True)


def hide(store: ObjectStore) -> None:
    changes = {"visibility": "private"}
    Library(store).edit(ANN, id_of(PICTURE, "ann"), changes, lambda current: True)


def remove(store: ObjectStore) -> None:
    Library(store).remove(ANN, id_of(PICTURE, "ann"))


def trash(store: ObjectStore) -> None:
    Library(store).trash.add(ANN, id_of(PICTURE, "ann"), timedelta(days=30))


def restore(store: ObjectStore) -> None:
    Library(store).trash.restore(ANN, id_of(PICTURE, "ann"))


def remove_from_trash(store: ObjectStore) -> None:
    Library(store).remove(ANN, id_of(PICTURE, "ann"), from_trash=True)


def render(store: ObjectStore) -> None:
    policy = TransformPolicy("open", {}, LIMITS)
    admission = Admission(1, "renders")
    renders = Renditions(
        store, Library(store), InlinePool(), TempFolder(), LIMITS, admission, policy
    )
    renders.find_or_render(ANN, id_of(PICTURE, "ann"), PIPELINE, formats.PNG).reader.close()


def purge(store: ObjectStore) -> None:
    Library(store).purge(id_of(PICTURE, "ann"))


@dataclass(frozen=True)
class Scenario:
    """What was done before, what the process does that dies, and what it may leave visible."""

    name: str
    before: tuple[Callable[[ObjectStore], None], ...]
    act: Callable[[ObjectStore], None]
    titles: set[str | None]
    title_in_the_end: str | None


SCENARIOS = [
    Scenario("upload", (), upload, {None, "new"}, "new"),
    Scenario("upload again", (upload,), upload, {"new"}, "new"),
    Scenario("render", (upload,), render, {"new"}, "new"),
    Scenario("render again", (upload, render), render, {"new"}, "new"),
    Scenario("purge", (upload, render), purge, {"new"}, "new"),
    Scenario("edit", (upload, render), edit, {"new", "edited"}, "edited"),
    Scenario("hide", (upload, render), hide, {"new"}, "new"),
    Scenario("remove", (upload, render), remove, {"new", None}, None),
    Scenario("trash", (upload, render), trash, {"new", None}, None),
    Scenario("restore", (upload, trash), restore, {"new", None}, "new"),
    Scenario("upload what is in the trash", (upload, trash), upload, {"new", None}, "new"),
    Scenario("remove from the trash", (upload, trash), remove_from_trash, {None}, None),
    Scenario("upload with copies", (), upload_large, {None, ""}, ""),
    Scenario("remove with copies", (upload_large,), remove, {"", None}, None),
    Scenario("upload, remove, upload with copies", (upload, remove), upload_large, {None, ""}, ""),
]


def crashes() -> list[object]:
    cases = []
    for scenario in SCENARIOS:
        rehearsal = DyingStore(prepared(scenario))
        scenario.act(rehearsal)
        cases += [
            pytest.param(
                scenario, n, after, id=f"{scenario.name}, {'after' if after else 'at'} {n}"
            )
            for n in range(1, rehearsal.operations + 1)
            for after in (False, True)
        ]
    return cases


def prepared(scenario: Scenario) -> MemoryStore:
    store = MemoryStore()
    add(Library(store), OTHER, Metadata(title="other"), "ann")
    for step in scenario.before:
        step(store)
    return store


def title_of(store: ObjectStore, content: bytes) -> str | None:
    """Return the title under which a viewer sees the picture, None if it is not seen."""
    try:
        record = Library(store).find(ANN, id_of(content, "ann"))
    except NotFound:
        return None
    return record.title


def assert_every_live_record_has_its_bytes(store: ObjectStore) -> None:
    for stat in list(store.list(keys.IMAGES)):
        image_id = keys.id_of_record(stat.key)
        if image_id is None:
            continue
        record, _ = read_record(store, image_id)
        if record.state == "live":
            with store.open(keys.original(record.id, record.generation)) as reader:
                assert hashlib.sha256(reader.read()).hexdigest() == record.sha256


def assert_searches_see_exactly_the_live_records(store: ObjectStore) -> None:
    live = set()
    for content in (PICTURE, OTHER):
        with suppress(NotFound):
            live.add(Library(store).find(ANN, id_of(content, "ann")))
    index = Index(store)
    assert set(Catalogue(index).first(ANN, Query(), 10).records) == live
    fold(index, 1)
    assert set(Catalogue(Index(store)).first(ANN, Query(), 10).records) == live


@pytest.mark.parametrize(("scenario", "n", "after"), crashes())
def test_a_crash_loses_nothing_and_repair_leaves_no_trace_of_it(scenario, n, after):
    store = prepared(scenario)
    with pytest.raises(Died):
        scenario.act(DyingStore(store, n, after=after))

    assert_every_live_record_has_its_bytes(store)
    assert_searches_see_exactly_the_live_records(store)
    assert title_of(store, PICTURE) in scenario.titles
    assert title_of(store, OTHER) == "other"

    list(Check(store, repair=True, grace=timedelta(0)).run())
    assert list(Check(store, grace=timedelta(0)).run()) == []
    assert_every_live_record_has_its_bytes(store)
    assert_searches_see_exactly_the_live_records(store)
    assert title_of(store, PICTURE) in scenario.titles
    assert title_of(store, OTHER) == "other"


@pytest.mark.parametrize(("scenario", "n", "after"), crashes())
def test_after_a_crash_the_same_request_succeeds(scenario, n, after):
    store = prepared(scenario)
    with pytest.raises(Died):
        scenario.act(DyingStore(store, n, after=after))
    try:
        scenario.act(store)
    except NotFound:
        # The first request was done to its end, but for its answer.
        assert scenario.act in (remove, trash, restore, remove_from_trash)
    assert title_of(store, PICTURE) == scenario.title_in_the_end
    if scenario.act in (remove, remove_from_trash):
        Library(store).finish_removals()
        left = {key for key in keys_outside_index(store) if id_of(PICTURE, "ann") in key}
        assert left == set()
    if scenario.act is hide:
        assert list(store.list(keys.PUBLIC_RENDERS)) == []


def test_check_names_what_a_crash_between_original_and_record_leaves():
    store = MemoryStore()
    add(Library(store), OTHER)
    dying = DyingStore(store, 4, after=True)
    with pytest.raises(Died):
        upload(dying)
    assert [method for method, _ in dying.history] == ["open", "stat", "put", "put"]
    found = list(Check(store, grace=timedelta(0)).run())
    assert [finding.kind for finding in found] == [
        "original without record",
        "announcement without record",
    ]


@pytest.mark.parametrize("cleans", ["check", "gc"])
def test_a_copy_that_a_crash_left_without_its_picture_is_removed(cleans):
    """The picture was removed between the writing of the copy and the look at the record."""
    store = MemoryStore()
    record = add_with_copies(store, PICTURE, "ann")
    key = keys.working_copy(record.id, record.generation, 2048, (1200, 900))
    remove(store)
    assert list(store.list(keys.COPIES)) == []
    store.put(key, io.BytesIO(b"late"), media_type="")
    if cleans == "gc":
        later = datetime.now(UTC) + timedelta(hours=2)
        collect(store, max_age=timedelta(1), max_bytes=1, clock=lambda: later)
    else:
        found = list(Check(store, repair=True, grace=timedelta(0)).run())
        assert [finding.kind for finding in found] == ["working copy without picture"]
    assert keys_outside_index(store) == set()


def test_check_spares_the_original_of_an_upload_in_flight():
    store = MemoryStore()
    add(Library(store), OTHER)
    key = keys.original(id_of(PICTURE, "ann"), "0123")
    store.put(key, io.BytesIO(PICTURE), media_type="image/png")
    assert list(Check(store, repair=True).run()) == []
    assert store.stat(key).size == len(PICTURE)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (
            lambda store, record: store.delete(keys.original(record.id, record.generation)),
            "missing original",
        ),
        (
            lambda store, record: store.put(
                keys.original(record.id, record.generation), io.BytesIO(b"rot"), media_type=""
            ),
            "altered original",
        ),
        (
            lambda store, record: store.put(
                keys.record(record.id), io.BytesIO(b"{"), media_type=""
            ),
            "damaged record",
        ),
    ],
)
def test_check_reports_damage_and_touches_nothing(damage, kind):
    store = MemoryStore()
    record: Record = add(Library(store), PICTURE, owner="ann")
    fold(Index(store), 1)
    damage(store, record)
    before = {stat.key: stat.etag for stat in store.list("")}
    findings = list(Check(store, repair=True, grace=timedelta(0)).run())
    assert [finding.kind for finding in findings] == [kind]
    assert findings[0].kind not in REPAIRABLE
    assert not findings[0].repaired
    assert {stat.key: stat.etag for stat in store.list("")} == before
