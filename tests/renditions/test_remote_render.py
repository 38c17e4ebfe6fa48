"""Renditions asked of other processes by message and answered in the store."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image

from progimage import errors, keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.config import Settings
from progimage.imaging.codecs import formats
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.library import Library
from progimage.model import ANONYMOUS, Metadata
from progimage.renditions import remote_render
from progimage.renditions.remote_render import BrokerRenderer
from progimage.renditions.renditions import Renditions
from progimage.server.large import LargeFactory
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import FACTS, add, candidate
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool

LIMITS = Limits()
POLICY = TransformPolicy("open", {}, LIMITS)
PNG = formats.by_name("png")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def picture(store) -> str:
    return add(Library(store), saved(Image.new("RGB", (8, 6), "red"), "PNG")).id


class NoPool(InlinePool):
    """The render processes of a web node that has none to spare."""

    def run(self, function, *args, **kwargs):
        raise AssertionError("rendered by the web node")


def worker(store) -> Renditions:
    return Renditions(
        store, Library(store), InlinePool(), TempFolder(), LIMITS, Admission(9, "r"), POLICY
    )


def web(store, send, pool=None, timeout_s: float = 5.0) -> Renditions:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    requested = BrokerRenderer(store, send, timeout_s, sleep, lambda: now[0])
    admission = Admission(9, "r")
    pool = pool or NoPool()
    return Renditions(
        store, Library(store), pool, TempFolder(), LIMITS, admission, POLICY, requested
    )


def by_worker(store):
    """Send a message to a worker that answers at once."""

    def send(ask, timeout_s) -> bool:
        remote_render.answer(store, worker(store), LIMITS, ask)
        return True

    return send


def test_a_render_is_made_by_the_worker_and_served_from_the_cache(store, picture):
    found = web(store, by_worker(store)).find_or_render(
        ANONYMOUS, picture, parse("resize:w=4"), PNG
    )
    with found.reader as reader:
        assert Image.open(reader).size == (4, 3)
    assert found.timings is not None
    assert found.timings.width == 4
    assert list(store.list(keys.REMOTE_RENDERS)) == []


def test_the_pyramid_of_a_tile_is_made_by_the_worker(store):
    large = SimpleNamespace(**{**vars(FACTS), "width": 1601, "height": 1203})
    data = saved(Image.new("RGB", (1601, 1203), "red"), "JPEG")
    picture, _ = Library(store).add(replace(candidate(data), facts=large), Metadata())

    def renditions(pool: InlinePool, remote: BrokerRenderer | None = None) -> Renditions:
        factory = LargeFactory(Settings(deep={"from_pixels": 1_000_000}), pool)
        library = Library(store)
        large = factory.parts(store, library, lambda _: True).pictures
        admission = Admission(9, "r")
        return Renditions(
            store, library, pool, TempFolder(), LIMITS, admission, POLICY, remote, large=large
        )

    requested = []

    def send(ask, timeout_s) -> bool:
        requested.append(ask)
        remote_render.answer(store, renditions(InlinePool()), LIMITS, ask)
        return True

    web_node = renditions(NoPool(), BrokerRenderer(store, send, 5.0))
    for x in (0, 512):
        tile = parse(f"crop:x={x},y=0,width=512,height=512")
        found = web_node.find_or_render(ANONYMOUS, picture.id, tile, formats.JPEG)
        with found.reader as reader:
            assert Image.open(reader).size == (512, 512)
    assert len(requested) == 1


def test_an_error_of_the_worker_is_raised(store, picture):
    with pytest.raises(errors.InvalidArgument, match="crop"):
        web(store, by_worker(store)).find_or_render(
            ANONYMOUS, picture, parse("crop:x=50,y=0,w=9,h=9"), PNG
        )
    assert list(store.list(keys.REMOTE_RENDERS)) == []


def test_a_message_that_comes_twice_and_a_worker_of_another_version_do_no_harm(store, picture):
    def send(ask, timeout_s) -> bool:
        for _ in range(2):
            remote_render.answer(store, worker(store), LIMITS, ask)
        key = keys.remote_render(ask[0])
        store.put(key, io.BytesIO(b'{"made": {"speed": 1}}'), media_type="application/json")
        return True

    found = web(store, send).find_or_render(ANONYMOUS, picture, parse("resize:w=4"), PNG)
    found.reader.close()
    assert found.timings is None


def test_a_worker_that_does_not_answer_is_waited_for_so_long(store, picture):
    renders = web(store, lambda *_: True, timeout_s=3.0)
    with pytest.raises(errors.Overloaded, match="within 3 s") as caught:
        renders.find_or_render(ANONYMOUS, picture, parse("resize:w=4"), PNG)
    assert caught.value.retry_after_s == 5


def test_a_render_that_cannot_be_sent_away_runs_locally(store, picture):
    renders = web(store, lambda *_: False, InlinePool())
    with renders.find_or_render(ANONYMOUS, picture, parse("resize:w=4"), PNG).reader as reader:
        assert Image.open(reader).size == (4, 3)


def test_a_pipeline_that_uses_another_picture_is_rendered_here(store, picture):
    def send(*_) -> bool:
        raise AssertionError("asked")

    renders = web(store, send, InlinePool())
    found = renders.find_or_render(ANONYMOUS, picture, parse(f"watermark:image={picture}"), PNG)
    found.reader.close()


def test_a_picture_removed_meanwhile_is_not_found(store, picture):
    def send(ask, timeout_s) -> bool:
        Library(store).remove(ANONYMOUS, picture)
        return by_worker(store)(ask, timeout_s)

    with pytest.raises(errors.NotFound):
        web(store, send).find_or_render(ANONYMOUS, picture, parse("resize:w=4"), PNG)
    assert list(store.list(keys.RENDERS)) == []


@pytest.mark.parametrize(
    "ask",
    [(), ("x",) * 5, ("../../x", "", "0" * 64, "thumbnail", "png"), ("0" * 32, "", "x", "y", "z")],
)
def test_a_message_that_asks_for_no_render_is_dropped(store, ask):
    remote_render.answer(store, worker(store), LIMITS, ask)
    assert list(store.list("")) == []


@pytest.mark.parametrize(("pipeline", "extension"), [("nonsense", "png"), ("thumbnail", "exe")])
def test_a_message_that_cannot_be_done_is_answered_with_an_error(
    store, picture, pipeline, extension
):
    ask = ("0" * 32, "", picture, pipeline, extension)
    remote_render.answer(store, worker(store), LIMITS, ask)
    with store.open(keys.remote_render("0" * 32)) as reader:
        assert b'"error": "InvalidArgument"' in reader.read()
