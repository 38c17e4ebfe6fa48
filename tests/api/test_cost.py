"""What each request asks of an S3 bucket.

docs/operate/stores.md shows these numbers.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest
from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.api.conftest import form, upload
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool
from tests.library.search.metered import MeteredStore
from tests.people import AUTH, headers_of


@pytest.fixture
def store() -> MeteredStore:
    return MeteredStore(MemoryStore())


@pytest.fixture
def client(store) -> testing.TestClient:
    return testing.TestClient(app.create(Settings(), store, InlinePool()))


@pytest.fixture
def cost_of(client, store):
    """Send a GET and return what it asked of the store."""

    def ask(path: str, **headers: str) -> dict[str, int]:
        store.requests.clear()
        assert client.simulate_get(path, headers=headers).status_code in (200, 206, 304)
        return dict(store.requests)

    return ask


def have_cache_counted(client, store, path: str) -> None:
    """Make the first rendition of a process, after which it lists the cache in the background."""
    store.requests.clear()
    client.simulate_get(f"{path}sepia.png")
    deadline = time.monotonic() + 60
    while not store.requests["LIST"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_requests_cost(client, store, cost_of, jpeg):
    path = upload(client, jpeg)
    have_cache_counted(client, store, path)
    assert cost_of(path) == {"GET": 2}
    assert cost_of(f"{path}metadata/") == {"GET": 1}
    # The cache, the record, the cache again as the one who leads, the original, and the
    # record once more, in case the picture was hidden meanwhile.
    assert cost_of(f"{path}thumbnail.png") == {"GET": 5, "PUT": 1}
    assert cost_of(f"{path}thumbnail.png") == {"GET": 1}
    assert cost_of(f"{path}thumbnail.png", Range="bytes=0-9") == {"GET": 2}


def test_a_tile_of_a_large_picture_costs_its_record_and_one_read(store):
    settings = Settings.model_validate({"deep": {"from_pixels": 1_000_000}})
    client = testing.TestClient(app.create(settings, store, InlinePool()))
    path = upload(client, saved(Image.new("RGB", (1200, 1000)), "JPEG"))
    first, second = (f"{path}crop:x={x},y=0,width=512,height=512.jpg" for x in (0, 512))
    client.simulate_get(first)
    store.requests.clear()
    assert client.simulate_get(second).status_code == 200
    assert store.requests == {"GET": 2}


def test_an_upload_looks_once_whether_the_picture_is_here(client, store, jpeg):
    another = saved(Image.new("RGB", (3, 3)), "PNG")
    upload(client, another)  # the first one of a process looks for the index
    store.requests.clear()
    path = upload(client, jpeg)
    # The announcement, the original and the record.
    assert store.requests == {"GET": 1, "PUT": 3}
    store.requests.clear()
    assert upload(client, jpeg) == path
    # The record, and whether the original is there in its full size.
    assert store.requests == {"GET": 1, "HEAD": 1}


def test_a_copy_on_the_nodes_disk_costs_a_question_or_nothing(store, tmp_path, jpeg):
    def client_of(**settings) -> testing.TestClient:
        disk_cache = {"dir": str(tmp_path / "copies"), **settings}
        service = app.create(Settings(disk_cache=disk_cache), store, InlinePool())
        return testing.TestClient(service)

    def cost_of(client, **headers: str) -> dict[str, int]:
        store.requests.clear()
        client.simulate_get(path, headers=headers)
        return dict(store.requests)

    asking, trusting = client_of(), client_of(trust_s=3600)
    picture = upload(asking, jpeg)
    have_cache_counted(asking, store, picture)
    path = f"{picture}thumbnail.png"
    assert cost_of(asking) == {"GET": 5, "PUT": 1}
    assert cost_of(asking) == {"304": 1}
    assert cost_of(asking, Range="bytes=0-9") == {"304": 1}
    assert cost_of(trusting) == {"304": 1}
    assert cost_of(trusting) == {"304": 1, "GET": 1}
    assert cost_of(trusting) == {}


def test_a_304_costs_the_record_or_the_cache_lookup(client, cost_of, jpeg):
    path = upload(client, jpeg)
    for wanted in (path, f"{path}thumbnail.png"):
        etag = client.simulate_get(wanted).headers["etag"]
        assert cost_of(wanted, **{"If-None-Match": etag}) == {"GET": 1}


def test_one_request_asks_little_of_the_store_however_much_it_asks_for(
    client, store, cost_of, jpeg
):
    """No request, by any client, multiplies the calls to the store."""
    letters = "abcdefghij"
    words = [f"{first}{second}{'x' * 28}" for first in letters for second in letters]
    pictures = [saved(Image.new("RGB", (3, 3), (number, 0, 0)), "PNG") for number in range(25)]
    for number, picture in enumerate(pictures):
        tags = ",".join(f"tag {number}-{tag}" for tag in range(50))
        store.requests.clear()
        sent = form(("image", picture), ("tags", tags), ("description", " ".join(words)))
        assert client.simulate_post("/images/", **sent).status_code == 201
        # The first upload of a process looks for the index, here once more to make it.
        assert number == 0 or store.requests == {"GET": 1, "PUT": 3}
    cost_of("/images/")  # reads what is new
    path = f"/tags/?{urlencode({'limit': 1_000})}"
    assert len(client.simulate_get(path).json["data"]) == 1_000
    assert cost_of(path) == {"LIST": 1}
    tags = [("tags_any", f"tag {number}-0") for number in range(20)]
    for sort in ("-created", "title"):
        query = urlencode([*tags, ("q", " ".join(letters)), ("limit", 1_000), ("sort", sort)])
        assert len(client.simulate_get(f"/images/?{query}").json["data"]) == 20
        assert cost_of(f"/images/?{query}") == {"LIST": 1}
        query = urlencode({"offset": 20, "limit": 1, "sort": sort})
        assert cost_of(f"/images/?{query}") == {"LIST": 1}
    # A stream looks again for each batch: after 5, and then after each 500.
    assert cost_of("/images/", Accept="application/x-ndjson") == {"LIST": 2}


def test_a_cached_tile_costs_one_question_whatever_grammar_asks_for_it(
    client, store, cost_of, jpeg
):
    path = upload(client, jpeg)
    have_cache_counted(client, store, path)
    image_id = path.split("/")[2]
    tile = f"/iiif/3/{image_id}/0,0,24,16/12,/0/default.jpg"
    # The record, for the size; then as any rendition, but for the record.
    assert cost_of(tile) == {"GET": 5, "PUT": 1}
    assert cost_of(tile) == {"GET": 1}
    assert cost_of(f"/iiif/2/{image_id}/0,0,24,16/12,8/0/default.jpg") == {"GET": 1}


def test_an_external_id_costs_its_pointer_and_nothing_where_there_is_none(client, store, cost_of):
    def cost_of_upload(data: bytes, **query: str) -> dict[str, int]:
        store.requests.clear()
        kind = {"Content-Type": "application/octet-stream"}
        sent = client.simulate_post("/images/", body=data, params=query, headers=kind)
        assert sent.status_code == 201
        return dict(store.requests)

    before, first, second = (saved(Image.new("RGB", (3, n)), "PNG") for n in (3, 4, 5))
    cost_of_upload(before)
    plain = cost_of_upload(first)
    named = cost_of_upload(second, external_id="sku-42")
    assert {name: named[name] - plain.get(name, 0) for name in named} == {"GET": 2, "PUT": 1}
    assert cost_of("/external/_/sku-42") == {"GET": 4}
    assert cost_of("/images/?external_id=sku-42") == {"GET": 2}


def test_a_quota_costs_an_upload_two_reads_and_a_write(store):
    limits = {"enabled": True, "max_pictures": 9}
    settings = Settings.model_validate({"auth": AUTH, "quota": limits})
    client = testing.TestClient(app.create(settings, store, InlinePool()))
    headers = {**headers_of(store, "ann"), "Content-Type": "application/octet-stream"}
    anybody = {"Content-Type": "application/octet-stream"}
    costs = []
    # The first upload of an account counts what it has.
    for number, given in enumerate([headers, headers, anybody]):
        picture = saved(Image.new("RGB", (3, 10 + number)), "PNG")
        store.requests.clear()
        assert client.simulate_post("/images/", body=picture, headers=given).status_code == 201
        costs.append(dict(store.requests))
    _, counted, anonymous = costs
    assert {name: counted[name] - anonymous.get(name, 0) for name in counted} == {
        "GET": 2,
        "PUT": 1,
    }
