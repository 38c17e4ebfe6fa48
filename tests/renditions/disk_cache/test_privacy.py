"""Nothing hidden or removed is served from any node's disk, in whatever order things happen."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from progimage import keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import NotFound
from progimage.imaging.codecs import formats
from progimage.library import Library
from progimage.model import ANONYMOUS, Metadata
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import add
from tests.inline_pool import InlinePool
from tests.renditions.disk_cache.conftest import ROOM, STORE_URL
from tests.renditions.test_renditions import ANN, LIMITS, PICTURE, PIPELINE
from tests.schedules import every_schedule, play

NODES = {"two nodes that ask": (("a", "b"), 0), "two processes that trust": (("a", "a"), 3600)}
POLICY = TransformPolicy("open", {}, LIMITS)
FOLDER_STEPS = ("moment", "find", "note", "draft", "forget")


class Process:
    """A web process over a store, with a disk cache in a folder of its node's."""

    def __init__(self, store: ObjectStore, folder: Path, trust_s: float) -> None:
        copies = DiskCache(store, STORE_URL, folder, ROOM, trust_s)
        if hasattr(store, "step"):
            for name in FOLDER_STEPS:
                self._take_turns(store, copies.folder, name)
        self.library = Library(store, on_purge=copies.forget)
        pool, places = InlinePool(), Admission(9, "renders")
        self.renders = Renditions(
            store, self.library, pool, TempFolder(), LIMITS, places, POLICY, copies=copies
        )

    def show(self, image_id: str) -> None:
        """Do what a GET of a rendition does."""
        found = self.renders.find_public(image_id, PIPELINE, formats.PNG)
        if found is None:
            found = self.renders.find_or_render(ANONYMOUS, image_id, PIPELINE, formats.PNG)
        with found.reader:
            assert found.reader.read(found.reader.stat.size)

    def shows(self, image_id: str) -> bool:
        """True if it serves the rendition to anybody, without a look at the record."""
        found = self.renders.find_public(image_id, PIPELINE, formats.PNG)
        if found is not None:
            with found.reader:
                found.reader.read(found.reader.stat.size)
        return found is not None

    @staticmethod
    def _take_turns(store, folder, name: str) -> None:
        whole = getattr(folder, name)
        setattr(folder, name, lambda *args, **fields: store.step(lambda: whole(*args, **fields)))


def hide(library: Library, image_id: str) -> None:
    library.edit(ANN, image_id, {"visibility": "private"}, lambda current: True)


def remove_and_upload_again_as_private(library: Library, image_id: str) -> None:
    with library.originals.open(library.find(ANN, image_id)) as original:
        content = original.read()
    library.remove(ANN, image_id)
    add(library, content, Metadata(visibility="private"), "ann")


SERIAL = count()


def new_picture(store: ObjectStore) -> str:
    """Add a picture of ann's that was never there before; return its id."""
    return add(Library(store), PICTURE + b"%d" % next(SERIAL), owner="ann").id


def matters(key: str) -> bool:
    return key == "" or key.startswith(keys.RENDERS) or key.endswith("/record.json")


@pytest.mark.parametrize("change", [hide, remove_and_upload_again_as_private])
@pytest.mark.parametrize("begins", ["made", "in the store", "on the disk"])
@pytest.mark.parametrize("nodes", NODES)
def test_no_order_of_a_view_and_a_change_shows_what_is_hidden(tmp_path, nodes, begins, change):
    """Neither to those who ask once the change is acknowledged, nor at the end."""
    names, trust_s = NODES[nodes]
    folders = [tmp_path / name for name in names]

    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        image_id = new_picture(store)
        if begins != "made":
            Process(store, tmp_path / "elsewhere", 0).show(image_id)
        if begins == "on the disk":
            for folder in folders * 3:
                Process(store, folder, trust_s).show(image_id)
        shown = []

        def view(stepped: ObjectStore) -> None:
            Process(stepped, folders[1], trust_s).show(image_id)

        def change_and_look(stepped: ObjectStore) -> None:
            processes = [Process(stepped, folder, trust_s) for folder in folders]
            change(processes[0].library, image_id)
            # A render that began before may put what it made, and takes it back.
            if begins != "made":
                shown.extend(process.shows(image_id) for process in processes)

        width = play(store, (view, change_and_look), choices, matters)
        shown.extend(Process(store, folder, trust_s).shows(image_id) for folder in folders)
        assert not any(shown)
        assert len(shown) == (2 if begins == "made" else 4)
        return width

    assert every_schedule(run, switches=2) > 10


def test_a_render_that_came_too_late_is_not_trusted(tmp_path):
    """It began before the picture was hidden, and is in the store until its maker looks again."""
    seen = []

    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        image_id = new_picture(store)

        def make(stepped: ObjectStore) -> None:
            Process(stepped, tmp_path / "elsewhere", 0).show(image_id)

        def hide_and_look(stepped: ObjectStore) -> None:
            here = Process(stepped, tmp_path / "here", 3600)
            hide(here.library, image_id)
            seen.append([here.shows(image_id) for _ in range(3)])

        width = play(store, (make, hide_and_look), choices, lambda key: key != "" and matters(key))
        assert not Process(store, tmp_path / "here", 3600).shows(image_id)
        return width

    assert every_schedule(run, switches=3) > 100
    assert [True, True, True] in seen


@pytest.mark.parametrize("nodes", NODES)
def test_a_picture_that_comes_back_is_served_again(tmp_path, nodes):
    names, trust_s = NODES[nodes]
    store = MemoryStore()
    one, other = (Process(store, tmp_path / name, trust_s) for name in names)
    image_id = add(one.library, PICTURE, owner="ann").id
    for process in (one, other):
        process.show(image_id)
    other.library.remove(ANN, image_id)
    for process in (one, other):
        with pytest.raises(NotFound):
            process.show(image_id)
    add(one.library, PICTURE, owner="ann")
    for process in (other, one, other):
        process.show(image_id)
    assert one.library.purge(image_id) == 1
    assert not other.shows(image_id)
    other.show(image_id)
    assert one.shows(image_id)


def test_a_trusting_cache_shows_hidden_pictures_until_the_trust_expires(tmp_path):
    store = MemoryStore()
    here, elsewhere = (Process(store, tmp_path / name, 3600) for name in "ab")
    image_id = add(here.library, PICTURE, owner="ann").id
    here.show(image_id)
    hide(elsewhere.library, image_id)
    assert here.shows(image_id)
    assert not elsewhere.shows(image_id)
    assert not Process(store, tmp_path / "a", 0).shows(image_id)


def test_hiding_again_finishes_a_failed_purge(tmp_path):
    store = MemoryStore()
    process = Process(store, tmp_path / "a", 3600)
    image_id = add(process.library, PICTURE, owner="ann").id
    process.show(image_id)
    whole, store.list = store.list, lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        hide(process.library, image_id)
    store.list = whole
    assert process.shows(image_id)
    hide(process.library, image_id)
    assert not process.shows(image_id)
