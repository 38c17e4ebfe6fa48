"""`prepare` makes the working copies that are missing, and only those."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from progimage import keys
from progimage.imaging.limits import Limits
from progimage.library import Library
from progimage.library.working_copies import WorkingCopies
from progimage.maintenance.prepare import Preparation
from progimage.model import ANONYMOUS, Metadata
from progimage.renditions.renderer import Renderer
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import add
from tests.imaging.drawing import quadrants, saved
from tests.ingest.test_ingest import ingest_of
from tests.inline_pool import InlinePool

LARGE = saved(quadrants((2000, 1300)), "JPEG")
PX = 640


@pytest.fixture
def store():
    return MemoryStore()


def prepare(store):
    renderer = Renderer(InlinePool(), TempFolder(), Limits())
    with ThreadPoolExecutor(2) as threads:
        work = Preparation(store, renderer, TempFolder(), PX, threads, workers=2)
        return sorted((done.kind, done.copies, done.reason[:7]) for done in work.run())


def copies(store):
    return {stat.key: read(store, stat.key) for stat in store.list(keys.COPIES)}


def read(store, key):
    with store.open(key) as reader:
        return reader.read()


def uploaded(store, content, px=0):
    ingest = ingest_of(store, px)
    return ingest.add(ingest.receive(io.BytesIO(content)), Metadata())[0]


def test_missing_copies_are_made_once_and_equal_those_of_an_upload(store):
    uploaded(store, LARGE)
    assert copies(store) == {}
    assert prepare(store) == [("made", 3, "")]
    made = copies(store)
    assert prepare(store) == [("complete", 0, "")]
    assert copies(store) == made
    other = MemoryStore()
    uploaded(other, LARGE, PX)
    assert sorted(copies(other).values()) == sorted(made.values())


def test_one_that_is_missing_is_made_alone(store):
    record = uploaded(store, LARGE, PX)
    sizes = WorkingCopies(store, Library(store), PX).sizes(record)
    before = copies(store)
    for size in sizes:
        store.delete(keys.working_copy(record.id, record.generation, PX, size))
        assert prepare(store) == [("made", 1, "")]
        assert copies(store) == before


def test_small_pictures_need_none(store):
    uploaded(store, saved(Image.new("RGB", (60, 40)), "PNG"))
    assert prepare(store) == []


def test_a_picture_that_cannot_be_decoded_is_named_and_the_others_are_prepared(store):
    record = uploaded(store, LARGE)
    add(Library(store), b"another")
    other = uploaded(store, saved(quadrants((2000, 1301)), "JPEG"))
    store.put(keys.original(record.id, record.generation), io.BytesIO(LARGE[:9000]), media_type="")
    assert [done[0] for done in prepare(store)] == ["failed", "made"]
    assert all(other.id in key for key in copies(store))


def test_removed_pictures_are_passed(store):
    record = uploaded(store, LARGE)
    Library(store).remove(ANONYMOUS, record.id)
    assert prepare(store) == []
