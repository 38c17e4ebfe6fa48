"""Large pictures: tiles from pyramids, and what is rendered from them."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from falcon import testing
from PIL import Image

from progimage import keys
from progimage.config import Settings
from progimage.imaging.pyramids.building import build_pyramid
from progimage.imaging.tiles import Tile, scale_factors, tile_counts, tile_region, tile_size
from progimage.maintenance import gc
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.api.conftest import upload
from tests.imaging.drawing import is_near, saved
from tests.inline_pool import InlinePool
from tests.people import AUTH, headers_of

SIZE = (1601, 1203)
ORDINARY = {"deep": {"from_pixels": 1_000_000}}
BEYOND = ORDINARY | {"limits": {"max_source_pixels": 1_500_000}}


class Watched(MemoryStore):
    """Remembers which keys were read."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def open(self, key, *args, **options):
        self.opened.append(key)
        return super().open(key, *args, **options)

    def pyramids(self) -> list[str]:
        return [stat.key for stat in self.list(keys.COPIES) if stat.key.endswith("-tiles")]

    def originals_opened(self) -> int:
        return sum("/original-" in key for key in self.opened)


class CountingPool(InlinePool):
    """Counts the pyramids it makes; `may_go` holds them up."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.may_go = threading.Event()
        self.may_go.set()

    def run(self, function, *args, **kwargs):
        if function is build_pyramid:
            assert self.may_go.wait(60)
            self.made += 1
        return super().run(function, *args, **kwargs)


@pytest.fixture(scope="module")
def data() -> bytes:
    """A JPEG whose red grows from left to right, and whose green grows downwards."""
    across = Image.linear_gradient("L").rotate(90).resize(SIZE)
    down = Image.linear_gradient("L").resize(SIZE)
    return saved(Image.merge("RGB", (across, down, Image.new("L", SIZE, 128))), "JPEG")


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.fixture
def pool() -> CountingPool:
    return CountingPool()


def client_of(store, pool=None, **settings: Any) -> testing.TestClient:
    chosen = Settings.model_validate(settings)
    return testing.TestClient(app.create(chosen, store, pool or InlinePool()))


def tile_path(path: str, tile: Tile, extension: str = "jpg") -> str:
    x, y, width, height = tile_region(SIZE, tile)
    steps = f"crop:x={x},y={y},width={width},height={height}"
    if tile.factor > 1:
        steps += "/resize:{}x{},fit=fill".format(*tile_size(SIZE, tile))
    return f"{path}{steps}.{extension}"


def all_tiles() -> list[Tile]:
    return [
        Tile(factor, x, y)
        for factor in scale_factors(SIZE)
        for y in range(tile_counts(SIZE, factor)[1])
        for x in range(tile_counts(SIZE, factor)[0])
    ]


def image_of(answer: testing.Result) -> Image.Image:
    assert answer.status_code == 200, answer.text[:2000]
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def test_each_tile_shows_its_place(store, data):
    client = client_of(store, **ORDINARY)
    path = upload(client, data)
    for tile in all_tiles():
        shown = image_of(client.simulate_get(tile_path(path, tile)))
        region = tile_region(SIZE, tile)
        assert shown.size == tile_size(SIZE, tile)
        middle = region.x + region.width / 2, region.y + region.height / 2
        meant = (255 * middle[0] / SIZE[0], 255 * middle[1] / SIZE[1], 128)
        seen = shown.getpixel((shown.width // 2, shown.height // 2))
        assert is_near(seen, meant, 6), tile


def test_a_tile_has_the_same_bytes_on_every_node_with_and_without_its_pyramid(data):
    bodies = set()
    for settings in (ORDINARY, ORDINARY, BEYOND):
        store = Watched()
        client = client_of(store, **settings)
        path = tile_path(upload(client, data), Tile(2, 1, 1))
        first, second = client.simulate_get(path), client.simulate_get(path)
        assert first.headers["ETag"] == second.headers["ETag"]
        bodies |= {first.content, second.content}
    assert len(bodies) == 1


def test_a_tile_is_not_stored_a_second_time(store, data):
    client = client_of(store, **ORDINARY)
    path = upload(client, data)
    for tile in all_tiles():
        client.simulate_get(tile_path(path, tile))
    assert len(store.pyramids()) == 1
    assert not list(store.list(keys.RENDERS))


def test_many_tiles_of_one_picture_wait_for_one_decode(store, pool, data):
    client = client_of(store, pool, **ORDINARY)
    path = upload(client, data)
    wanted = [tile_path(path, tile) for tile in all_tiles()]
    wanted = (wanted * 2)[:24]
    pool.may_go.clear()
    with ThreadPoolExecutor(len(wanted)) as threads:
        answers = [threads.submit(client.simulate_get, path) for path in wanted]
        pool.may_go.set()
        assert {answer.result(60).status_code for answer in answers} == {200}
    assert pool.made == 1


def test_requests_beyond_the_queue_get_503_with_retry_after(store, pool, data):
    client = client_of(store, pool, deep={"from_pixels": 1_000_000, "waiting": 2})
    path = tile_path(upload(client, data), Tile(1, 0, 0))
    pool.may_go.clear()
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(client.simulate_get, path) for _ in range(8)]
        rejected = next(
            a for a in as_completed(answers, timeout=60) if a.result().status_code == 503
        )
        pool.may_go.set()
        assert "wait" in rejected.result().json["detail"]
        statuses = {answer.result(60).status_code for answer in answers}
    assert statuses == {200, 503}


def test_a_tile_in_another_format_comes_from_the_pyramid_too(store, data):
    client = client_of(store, **ORDINARY)
    path = upload(client, data)
    jpeg = image_of(client.simulate_get(tile_path(path, Tile(2, 1, 0))))
    store.opened.clear()
    answer = client.simulate_get(tile_path(path, Tile(2, 1, 0), "png"))
    assert image_of(answer).tobytes() == jpeg.tobytes()
    assert answer.headers["Content-Type"] == "image/png"
    assert store.originals_opened() == 0


def test_a_part_of_a_tile_can_be_asked_for(store, data):
    client = client_of(store, **ORDINARY)
    path = tile_path(upload(client, data), Tile(1, 0, 0))
    whole = client.simulate_get(path).content
    part = client.simulate_get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])


def test_a_crop_on_the_grid_of_a_small_picture_has_no_pyramid(store):
    client = client_of(store, **ORDINARY)
    path = upload(client, saved(Image.new("RGB", (700, 600)), "PNG"))
    assert client.simulate_get(f"{path}crop:x=0,y=0,w=512,h=512.jpg").status_code == 200
    assert not store.pyramids()


def test_a_picture_beyond_the_limits_is_accepted_with_its_pyramid(store, data):
    client = client_of(store, **BEYOND)
    record = client.simulate_get(f"{upload(client, data)}metadata/").json
    assert (record["width"], record["height"]) == SIZE
    assert len(store.pyramids()) == 1


def sent_by_tus(client: testing.TestClient, data: bytes) -> testing.Result:
    begun = client.simulate_post("/uploads/", json={"size_bytes": len(data)})
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    return client.simulate_patch(f"/uploads/{begun.json['id']}/", body=data, headers=headers)


def test_only_such_a_picture_may_have_more_bytes_than_others(store, data):
    few = {"upload": {"max_bytes": len(data) - 1}}
    refused = sent_by_tus(client_of(store, **ORDINARY | few), data)
    assert refused.status_code == 413
    assert "50,000,000" in refused.json["detail"]
    assert sent_by_tus(client_of(store, **BEYOND | few), data).status_code == 204
    assert len(store.pyramids()) == 1


def test_without_it_the_picture_is_rejected(store, data):
    client = client_of(store, **BEYOND | {"deep": {"enabled": False}})
    answer = client.simulate_post("/images/", body=data, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 422
    assert "at most 1500000 pixels" in answer.json["detail"]


@pytest.mark.parametrize(
    ("steps", "size", "places"),
    [
        ("thumbnail", (200, 150), {(0, 0): (0, 0), (199, 149): (255, 255)}),
        ("resize:w=1000", (1000, 751), {(500, 375): (128, 128)}),
        ("crop:x=400,y=300,width=800,height=600", (800, 600), {(0, 0): (64, 64)}),
        (
            "crop:x=400,y=300,width=800,height=600/resize:w=200/rotate:180",
            (200, 150),
            {(199, 149): (64, 64), (0, 0): (191, 191)},
        ),
    ],
)
def test_a_picture_beyond_the_limits_is_rendered_without_its_original(
    store, data, steps, size, places
):
    client = client_of(store, **BEYOND)
    path = upload(client, data)
    store.opened.clear()
    shown = image_of(client.simulate_get(f"{path}{steps}.png"))
    assert store.originals_opened() == 0
    assert shown.size == size
    for place, (red, green) in places.items():
        assert is_near(shown.getpixel(place), (red, green, 128), 8)


def test_operations_that_need_the_whole_picture_say_what_would_work(store, data):
    client = client_of(store, **BEYOND)
    path = upload(client, data)
    client_small = client_of(
        store,
        **BEYOND
        | {
            "limits": {
                "max_source_pixels": 1_500_000,
                "max_output_pixels": 1_000_000,
            }
        },
    )
    answer = client_small.simulate_get(f"{path}trim.png")
    assert answer.status_code == 400
    assert "crop or resize first" in answer.json["detail"]
    answer = client.simulate_get(f"{path}thumbnail/strip:keep=all.jpg")
    assert answer.status_code == 400
    assert "no metadata" in answer.json["detail"]


def test_a_pyramid_that_is_missing_is_made_again(store, pool, data):
    client = client_of(store, pool, **BEYOND)
    path = upload(client, data)
    before = client.simulate_get(tile_path(path, Tile(1, 1, 1))).content
    [key] = store.pyramids()
    store.delete(key)
    assert client.simulate_get(f"{path}thumbnail.png").status_code == 200
    assert client.simulate_get(tile_path(path, Tile(1, 1, 1))).content == before
    assert pool.made == 1


@pytest.mark.parametrize("position", [40, -20])
def test_a_damaged_pyramid_is_made_again(store, pool, data, position):
    client = client_of(store, pool, **ORDINARY)
    last = tile_path(upload(client, data), Tile(4, 0, 0))
    before = client.simulate_get(last).content
    [key] = store.pyramids()
    damaged = bytearray(store.open(key).read())
    damaged[position] ^= 255
    store.put(key, io.BytesIO(damaged), media_type="any/type")
    fresh = client_of(store, pool, **ORDINARY)
    assert fresh.simulate_get(last).content == before
    assert pool.made == 2


def test_hiding_and_removing_a_picture_hides_and_removes_its_tiles(store, data):
    anybody = client_of(store, auth=AUTH, **ORDINARY)
    ann = testing.TestClient(anybody.app, headers=headers_of(store, "ann"))
    path = upload(ann, data)
    tile = tile_path(path, Tile(1, 0, 0))
    assert anybody.simulate_get(tile).status_code == 200
    change = {"images": [path.split("/")[2]], "visibility": "private"}
    hidden = ann.simulate_patch("/images/", json=change)
    assert hidden.status_code == 200, hidden.text[:2000]
    assert anybody.simulate_get(tile).status_code == 404
    assert ann.simulate_get(tile).headers["Cache-Control"] == "private, no-store"
    assert ann.simulate_delete(path).status_code == 204
    assert ann.simulate_get(tile).status_code == 404
    assert not store.pyramids()


def test_a_collection_removes_old_pyramids_and_the_next_tile_makes_one_again(store, pool, data):
    client = client_of(store, pool, **ORDINARY)
    path = tile_path(upload(client, data), Tile(1, 1, 1))
    first = client.simulate_get(path)
    limits = {"max_age": timedelta(days=9), "max_bytes": 10**9}

    def collect_in(days: int) -> int:
        clock = datetime.now(UTC) + timedelta(days=days)
        return gc.collect(store, **limits, clock=lambda: clock).working_copies

    assert collect_in(days=8) == 0
    assert collect_in(days=10) == 1
    assert not store.pyramids()
    assert client.simulate_get(path).content == first.content
    assert pool.made == 2


def test_a_collection_keeps_pyramids_of_pictures_and_removes_others(store, data):
    client = client_of(store, **BEYOND)
    upload(client, data)
    [key] = store.pyramids()
    stray = key.replace(keys.PYRAMID_KIND, "pyramid-0")
    store.put(stray, io.BytesIO(b"old"), media_type="any/type")
    removed = gc.collect(store, max_age=timedelta(days=9), max_bytes=10**9, copy_px=2048)
    assert removed.working_copies == 1
    assert store.pyramids() == [key]
