"""Jobs that import the pictures of an origin into the library."""

from __future__ import annotations

import time

from falcon import testing

from progimage.config import Settings
from progimage.origins.adoption import ORIGIN_SCHEME
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem
from tests.inline_pool import InlinePool
from tests.origin_client import OriginClient, picture


def post(origin: OriginClient, **body) -> testing.Result:
    return origin.client.simulate_post("/jobs/", json={"origin": "shop", **body})


def test_every_picture_under_a_prefix_is_imported_with_the_metadata(tmp_path):
    root = tmp_path / "shop"
    for name, colour in (("2024/a b.png", "red"), ("2024/b.png", "blue"), ("x.png", "green")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture(colour=colour))
    (root / "2024" / "notes.txt").write_text("no picture")
    settings = Settings.model_validate(
        {"store": "memory://", "origins": {"shop": {"from": root.as_uri()}}}
    )
    service = app.create(settings, MemoryStore(), InlinePool())
    client = testing.TestClient(service)
    body = {"origin": "shop", "prefix": "2024/", "tags": ["old site"]}
    job = client.simulate_post("/jobs/", json=body)
    assert job.status_code == 202
    assert job.json["counts"]["total"] == 3
    service.runner.start()
    for _ in range(3_000):
        found = client.simulate_get(f"/jobs/{job.json['id']}/").json
        if found["status"] == "complete":
            break
        service.runner.wake()
        time.sleep(0.02)
    service.runner.stop(3.0)
    assert found["counts"] == {"total": 3, "pending": 0, "complete": 2, "failed": 1}
    records = client.simulate_get("/images/?tag=old%20site").json["data"]
    assert {record["file_name"] for record in records} == {"a b.png", "b.png"}
    assert not any("source" in record for record in records)
    sources = {
        client.simulate_get(f"/images/{record['id']}/metadata/").json["source"]
        for record in records
    }
    assert sources == {"origin://shop/2024/a%20b.png", "origin://shop/2024/b.png"}


def test_items_name_the_origin(origin: OriginClient):
    origin.put("a b.png", picture())
    [item] = post(origin).json["uploaded"]["pending"]
    assert item["url"] == f"{ORIGIN_SCHEME}shop/a%20b.png"


def test_a_long_list_goes_on_in_a_further_job(tmp_path):
    root = tmp_path / "shop"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.png").write_bytes(picture())
    settings = {
        "store": "memory://",
        "origins": {"shop": {"from": root.as_uri()}},
        "jobs": {"max_items": 2},
    }
    client = testing.TestClient(
        app.create(Settings.model_validate(settings), MemoryStore(), InlinePool())
    )
    first = client.simulate_post("/jobs/", json={"origin": "shop"}).json
    assert (first["counts"]["total"], first["more_after"]) == (2, "b.png")
    second = client.simulate_post("/jobs/", json={"origin": "shop", "after": "b.png"}).json
    assert second["counts"]["total"] == 1
    assert "more_after" not in second


def test_files_that_cannot_be_imported_are_named(origin: OriginClient):
    assert_problem(post(origin), 400)
    assert_problem(origin.client.simulate_post("/jobs/", json={"origin": "none"}), 400)
    assert_problem(post(origin, prefixx="a"), 400)


def test_a_source_that_is_away_is_an_error(tmp_path):
    settings = {"store": "memory://", "origins": {"shop": {"from": (tmp_path / "x").as_uri()}}}
    chosen = Settings.model_validate(settings)
    client = testing.TestClient(app.create(chosen, MemoryStore(), InlinePool()))
    assert_problem(client.simulate_post("/jobs/", json={"origin": "shop"}), 502)
