"""The render cache: one flight per key, bounded waiting, and nothing cached that should not be."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from PIL import Image

from progimage import keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import DamagedOriginal, InvalidArgument, NotFound, Overloaded, RenderTimeout
from progimage.imaging.codecs import formats
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.library import Library
from progimage.model import ANONYMOUS, Metadata, Viewer
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import add
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool
from tests.schedules import every_schedule, play
from tests.stored import keys_outside_index
from tests.system.s3.real import empty_store

PICTURE = saved(Image.new("RGB", (8, 6), "red"), "PNG")
LIMITS = Limits()
ANN = Viewer(name="ann")
PIPELINE = parse("resize:w=4", limits=LIMITS)


class CountingPool(InlinePool):
    """Counts renders, and holds each until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.renders = 0
        self.has_begun = threading.Event()
        self.may_end = threading.Event()
        self._error = error

    def run(self, function, *args, **kwargs):
        self.renders += 1
        self.has_begun.set()
        assert self.may_end.wait(60)
        if self._error is not None:
            raise self._error
        return super().run(function, *args, **kwargs)


class CountingAdmission(Admission):
    """Tells how many requests have been admitted."""

    def __init__(self, places: int) -> None:
        super().__init__(places, "renders")
        self.admitted = threading.Semaphore(0)

    @contextmanager
    def admit(self):
        with super().admit():
            self.admitted.release()
            yield


def renders_of(
    store: ObjectStore, pool=None, places: int = 50, admission: Admission | None = None
) -> Renditions:
    return Renditions(
        store,
        Library(store),
        pool or InlinePool(),
        TempFolder(),
        LIMITS,
        admission or Admission(places, "renders"),
        TransformPolicy("open", {}, LIMITS),
    )


def bytes_of(renders: Renditions, image_id: str, pipeline=PIPELINE) -> bytes:
    with renders.find_or_render(ANONYMOUS, image_id, pipeline, formats.PNG).reader as reader:
        return reader.read()


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


def test_a_crowd_that_asks_for_one_rendition_has_it_made_once(store):
    image_id = add(Library(store), PICTURE).id
    pool = CountingPool()
    renders = renders_of(store, pool)
    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(bytes_of, renders, image_id) for _ in range(20)]
        assert pool.has_begun.wait(60)
        pool.may_end.set()
        assert len({answer.result() for answer in answers}) == 1
    assert pool.renders == 1


def test_followers_fail_with_the_error_of_their_leader(store):
    image_id = add(Library(store), PICTURE).id
    pool = CountingPool(RenderTimeout("too long"))
    admission = CountingAdmission(8)
    renders = renders_of(store, pool, admission=admission)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(bytes_of, renders, image_id) for _ in range(8)]
        assert pool.has_begun.wait(60)
        for _ in range(8):
            assert admission.admitted.acquire(timeout=60)
        pool.may_end.set()
        assert [type(answer.exception()) for answer in answers] == [RenderTimeout] * 8
    assert pool.renders == 1


def test_a_rendition_that_was_too_slow_is_not_tried_again(store):
    image_id = add(Library(store), PICTURE).id
    pool = CountingPool(RenderTimeout("too long"))
    pool.may_end.set()
    renders = renders_of(store, pool)
    for _ in range(3):
        with pytest.raises(RenderTimeout):
            bytes_of(renders, image_id)
    assert pool.renders == 1
    with pytest.raises(RenderTimeout):
        bytes_of(renders, image_id, parse("resize:w=3"))
    assert pool.renders == 2


def test_more_than_may_wait_are_turned_away_at_once(store):
    image_id = add(Library(store), PICTURE).id
    pool = CountingPool()
    renders = renders_of(store, pool, places=1)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(bytes_of, renders, image_id)
        assert pool.has_begun.wait(60)
        with pytest.raises(Overloaded):
            bytes_of(renders, image_id, parse("resize:w=3"))
        pool.may_end.set()
        assert first.result()


def test_a_cached_rendition_never_waits(store):
    image_id = add(Library(store), PICTURE).id
    cached = bytes_of(renders_of(store), image_id)
    pool = CountingPool()
    renders = renders_of(store, pool, places=1)
    with ThreadPoolExecutor(1) as threads:
        cold = threads.submit(bytes_of, renders, image_id, parse("resize:w=3"))
        assert pool.has_begun.wait(60)
        found = renders.find_public(image_id, PIPELINE, formats.PNG)
        assert found is not None
        with found.reader:
            assert found.reader.read() == cached
        pool.may_end.set()
        assert cold.result()


def test_a_private_pictures_rendition_lies_under_the_private_prefix_only(store):
    record = add(Library(store), PICTURE, Metadata(visibility="private"), "ann")
    renders_of(store).find_or_render(ANN, record.id, PIPELINE, formats.PNG).reader.close()
    assert list(store.list(keys.PUBLIC_RENDERS)) == []
    assert len(list(store.list(keys.PRIVATE_RENDERS))) == 1
    assert renders_of(store).find_public(record.id, PIPELINE, formats.PNG) is None


@pytest.fixture
def stamp(store):
    """A public picture with an owner."""
    return add(Library(store), saved(Image.new("RGB", (3, 3), "blue"), "PNG"), owner="ann")


@pytest.mark.parametrize("is_private", [False, True])
def test_a_rendition_of_several_pictures_is_never_in_the_public_cache(store, stamp, is_private):
    if is_private:
        hide(store, stamp.id)
    shown = add(Library(store), PICTURE)
    pipeline, renders = parse(f"watermark:image={stamp.id}"), renders_of(store)
    for _ in ("made", "from the cache"):
        found = renders.find_or_render(ANN, shown.id, pipeline, formats.PNG)
        found.reader.close()
        assert found.is_public == (not is_private)
    assert found.timings is None
    assert list(store.list(keys.PUBLIC_RENDERS)) == []
    assert renders.find_public(shown.id, pipeline, formats.PNG) is None


@pytest.mark.parametrize("change", ["hide", "remove"])
def test_a_cached_rendition_is_hidden_from_clients_that_may_not_see_all_its_pictures(
    store, stamp, change
):
    shown = add(Library(store), PICTURE)
    pipeline, renders = parse(f"watermark:image={stamp.id}"), renders_of(store)
    renders.find_or_render(ANONYMOUS, shown.id, pipeline, formats.PNG).reader.close()
    if change == "hide":
        hide(store, stamp.id)
        renders.find_or_render(ANN, shown.id, pipeline, formats.PNG).reader.close()
    else:
        Library(store).remove(ANN, stamp.id)
    with pytest.raises(InvalidArgument, match="there is no picture"):
        renders.find_or_render(ANONYMOUS, shown.id, pipeline, formats.PNG)


def test_a_picture_hidden_while_another_is_stamped_with_it_is_not_shown(store, stamp):
    class Hiding(InlinePool):
        def run(self, *args, **kwargs):
            done = super().run(*args, **kwargs)
            hide(store, stamp.id)
            return done

    shown = add(Library(store), PICTURE)
    with pytest.raises(InvalidArgument, match="there is no picture"):
        renders_of(store, Hiding()).find_or_render(
            ANONYMOUS, shown.id, parse(f"watermark:image={stamp.id}"), formats.PNG
        )


def test_a_picture_removed_while_another_is_stamped_with_it_is_reported_missing(store, stamp):
    class Removing(InlinePool):
        def run(self, *args, **kwargs):
            Library(store).remove(ANN, stamp.id)
            raise FileNotFoundError

    shown = add(Library(store), PICTURE)
    with pytest.raises(InvalidArgument, match="there is no picture"):
        renders_of(store, Removing()).find_or_render(
            ANONYMOUS, shown.id, parse(f"watermark:image={stamp.id}"), formats.PNG
        )


def hide(store: ObjectStore, image_id: str = "") -> None:
    if not image_id:
        [record] = [stat.key for stat in store.list(keys.IMAGES) if stat.key.endswith(".json")]
        image_id = keys.id_of_record(record) or ""
    Library(store).edit(ANN, image_id, {"visibility": "private"}, lambda current: True)


def remove(store: ObjectStore) -> None:
    [record] = [stat.key for stat in store.list(keys.IMAGES) if stat.key.endswith(".json")]
    Library(store).remove(ANN, keys.id_of_record(record) or "")


@pytest.mark.parametrize("other", [hide, remove])
def test_no_order_of_a_render_and_a_change_leaves_a_public_rendition(other):
    """Also not a render that was in flight when the picture was hidden or removed."""

    def render(store: ObjectStore) -> None:
        with ExitStack() as stack:
            found = renders_of(store).find_or_render(ANONYMOUS, image_id, PIPELINE, formats.PNG)
            stack.enter_context(found.reader)

    image_id = ""

    def run(choices: list[int]) -> list[int]:
        nonlocal image_id
        store = MemoryStore()
        image_id = add(Library(store), PICTURE, owner="ann").id
        width = play(store, (render, other), choices, leaves_off=True)
        assert list(store.list(keys.PUBLIC_RENDERS)) == []
        if other is remove:
            assert keys_outside_index(store) == set()
        return width

    assert every_schedule(run, switches=3) > 20


def test_a_picture_that_is_gone_is_not_found(store):
    with pytest.raises(NotFound):
        bytes_of(renders_of(store), "0" * 64)


def flipped(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda body: body[:-9], flipped, lambda body: body + b"!"],
    ids=["empty", "cut", "flipped", "longer"],
)
def test_a_rendition_that_was_damaged_in_its_file_is_made_again(tmp_path, damage):
    store = FilesystemStore(tmp_path)
    image_id = add(Library(store), PICTURE).id
    renders = renders_of(store)
    made = bytes_of(renders, image_id)
    [stat] = store.list(keys.RENDERS)
    file = tmp_path / stat.key
    file.write_bytes(damage(made))
    assert renders.find_public(image_id, PIPELINE, formats.PNG) is None
    assert bytes_of(renders, image_id) == made
    assert file.read_bytes() == made


def test_no_rendition_is_cached_that_was_made_of_other_bytes_than_those_uploaded(store):
    library = Library(store)
    record, other = (
        add(library, saved(Image.new("RGB", (8, 6), "red"), "BMP")),
        saved(Image.new("RGB", (8, 6), "blue"), "BMP"),
    )
    store.put(library.originals.key(record), io.BytesIO(other), media_type="image/png")
    with pytest.raises(DamagedOriginal):
        bytes_of(renders_of(store), record.id)
    assert list(store.list(keys.RENDERS)) == []
