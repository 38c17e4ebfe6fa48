"""Renditions of large pictures are made from working copies, whether or not there are any."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from progimage import keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import InvalidArgument, NotFound, StoreUnavailable
from progimage.imaging.codecs.formats import PNG
from progimage.imaging.limits import Limits
from progimage.imaging.making_copies import make_copies, render_with_copies
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.results import returned
from progimage.library import Library
from progimage.library.working_copies import WorkingCopies
from progimage.model import ANONYMOUS, Metadata
from progimage.renditions.renditions import Renditions
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.imaging.drawing import quadrants, saved
from tests.ingest.test_ingest import ingest_of
from tests.inline_pool import InlinePool

PX = 1280
LARGE = saved(quadrants((2000, 1300)), "JPEG")
SMALL_STEP = parse("resize:w=100")


class Watched(MemoryStore):
    """Remembers what was read, and may be too full for working copies."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.is_full = False

    def open(self, key, *args, **options):
        self.opened.append(key)
        return super().open(key, *args, **options)

    def put(self, key, source, **options):
        if self.is_full and key.startswith(keys.COPIES):
            raise StoreUnavailable("full")
        return super().put(key, source, **options)


@pytest.fixture
def store():
    return Watched()


def makes_copies(function, args) -> bool:
    """Tell whether a call of the pool decodes an original for its copies."""
    return function is make_copies or (function is returned and args[1].func is render_with_copies)


def renditions_of(store, pool=None, px=PX, executor=None) -> Renditions:
    library = Library(store)
    return Renditions(
        store,
        library,
        pool or InlinePool(),
        TempFolder(),
        Limits(),
        Admission(50, "renders"),
        TransformPolicy("open", {}, Limits()),
        working_copies=WorkingCopies(store, library, px, executor),
    )


def uploaded(store, px=PX, content=LARGE):
    ingest = ingest_of(store, px)
    with ingest.receive(io.BytesIO(content)) as staged:
        return ingest.add(staged, Metadata())[0]


def rendered(store, record, pipeline=SMALL_STEP, **options) -> bytes:
    """Return a rendition's bytes; it is not cached afterwards."""
    renditions = renditions_of(store, **options)
    with renditions.find_or_render(ANONYMOUS, record.id, pipeline, PNG).reader as reader:
        data = reader.read()
    Library(store).purge(record.id)
    return data


def copies(store) -> list[str]:
    return [stat.key for stat in store.list(keys.COPIES)]


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_the_bytes_are_the_same_with_and_without_copies_in_the_store(kind, tmp_path):
    store = MemoryStore() if kind == "memory" else FilesystemStore(tmp_path)
    record = uploaded(store)
    for width in (100, 300, 600):
        pipeline = parse(f"resize:w={width}")
        from_a_copy = rendered(store, record, pipeline)
        for key in copies(store):
            store.delete(key)
        assert rendered(store, record, pipeline) == from_a_copy


def test_a_small_rendition_reads_a_small_copy_and_never_the_original(store):
    record = uploaded(store)
    sizes = WorkingCopies(store, Library(store), PX).sizes(record)
    store.opened.clear()
    rendered(store, record)
    read = [key for key in store.opened if not key.startswith((keys.RENDERS, keys.record("")[:7]))]
    assert read == [keys.working_copy(record.id, record.generation, PX, sizes[-1])]
    assert keys.original(record.id, record.generation) not in store.opened


@pytest.mark.parametrize("step", ["resize:w=1900", "crop:100x100", "resize:w=90/strip:keep=icc"])
def test_renditions_that_need_the_original_read_no_copy(step, store):
    record = uploaded(store)
    store.opened.clear()
    rendered(store, record, parse(step))
    assert keys.original(record.id, record.generation) in store.opened
    assert not any(key.startswith(keys.COPIES) for key in store.opened)


def test_a_missing_copy_is_made_and_stored_with_the_smaller_ones(store):
    record = uploaded(store, px=0)
    largest, middle, smallest = WorkingCopies(store, Library(store), PX).sizes(record)
    rendered(store, record)
    key = {size: keys.working_copy(record.id, record.generation, PX, size)
           for size in (largest, middle, smallest)}  # fmt: skip
    assert copies(store) == [key[smallest]]
    rendered(store, record, parse(f"resize:w={largest[0] * 0.7:.0f}"))
    assert set(copies(store)) == set(key.values())


def test_a_crowd_that_lacks_a_copy_has_it_made_once(store):
    record = uploaded(store, px=0)
    has_begun, may_end, made = threading.Event(), threading.Event(), []

    class Counting(InlinePool):
        def run(self, function, *args, **kwargs):
            if makes_copies(function, args):
                made.append(function)
                has_begun.set()
                assert may_end.wait(30)
            return super().run(function, *args, **kwargs)

    renditions = renditions_of(store, Counting())

    def ask(width: int) -> None:
        pipeline = parse(f"resize:w={width}")
        renditions.find_or_render(ANONYMOUS, record.id, pipeline, PNG).reader.close()

    with ThreadPoolExecutor(8) as threads:
        requested = [threads.submit(ask, width) for width in range(50, 58)]
        assert has_begun.wait(30)
        may_end.set()
        assert [answer.result() for answer in requested] == [None] * 8
    assert len(made) == 1


def test_the_first_answer_does_not_wait_until_the_copy_is_stored_but_others_do(store):
    record = uploaded(store, px=0)
    made, may_store = [], threading.Event()

    class Counting(InlinePool):
        def run(self, function, *args, **kwargs):
            if makes_copies(function, args):
                made.append(function)
            return super().run(function, *args, **kwargs)

    def put(key, source, **options):
        if key.startswith(keys.COPIES):
            assert may_store.wait(60)
        return Watched.put(store, key, source, **options)

    store.put = put
    with ThreadPoolExecutor(1) as behind, ThreadPoolExecutor(1) as client:
        renditions = renditions_of(store, Counting(), executor=behind)
        first = renditions.find_or_render(ANONYMOUS, record.id, SMALL_STEP, PNG)
        assert copies(store) == []
        other = parse("resize:w=91")
        second = client.submit(renditions.find_or_render, ANONYMOUS, record.id, other, PNG)
        may_store.set()
        first.reader.close()
        second.result(60).reader.close()
    assert len(copies(store)) == len(made) == 1


def test_a_process_that_ends_still_answers_and_ends_the_wait_for_its_copy(store):
    record = uploaded(store, px=0)
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    renditions = renditions_of(store, executor=executor)
    for width in (90, 91):
        step = parse(f"resize:w={width}")
        renditions.find_or_render(ANONYMOUS, record.id, step, PNG).reader.close()
    assert copies(store) == []


def test_a_pipeline_that_does_not_fit_still_leaves_the_copy_to_others(store):
    record = uploaded(store, px=0)
    with pytest.raises(InvalidArgument, match="outside"):
        rendered(store, record, parse("resize:w=90/crop:x=100,y=0"))
    assert len(copies(store)) == 1


def test_a_store_too_full_for_copies_costs_no_rendition(store):
    record = uploaded(store)
    with_copies = rendered(store, record)
    for key in copies(store):
        store.delete(key)
    store.is_full = True
    assert rendered(store, record) == with_copies
    assert copies(store) == []


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_a_damaged_copy_is_made_again(kind, tmp_path):
    store = MemoryStore() if kind == "memory" else FilesystemStore(tmp_path)
    record = uploaded(store)
    whole = rendered(store, record)
    for key in copies(store):
        store.put(key, io.BytesIO(b"\xff\xd8\xff but no picture"), media_type="")
    assert rendered(store, record) == whole


def test_a_picture_removed_while_its_copy_is_made_leaves_no_copy(store):
    record = uploaded(store, px=0)

    class Removing(InlinePool):
        def run(self, function, *args, **kwargs):
            if makes_copies(function, args):
                Library(store).remove(ANONYMOUS, record.id)
            return super().run(function, *args, **kwargs)

    renditions = renditions_of(store, Removing())
    with pytest.raises(NotFound):
        renditions.find_or_render(ANONYMOUS, record.id, SMALL_STEP, PNG)
    assert copies(store) == []
    assert list(store.list(keys.RENDERS)) == []


def test_with_the_setting_0_the_original_is_rendered_and_nothing_is_stored(store):
    record = uploaded(store, px=0)
    rendered(store, record, px=0)
    assert copies(store) == []
