"""The main job over the S3 protocol: upload, render, serve, redirect, remove."""

from __future__ import annotations

import httpx
import pytest
from falcon import testing

from progimage.config import Settings
from progimage.maintenance.check import Check
from progimage.server import app
from progimage.stores import create_store
from tests.api.conftest import assert_problem, opened, upload
from tests.imaging.drawing import quadrants, saved
from tests.inline_pool import InlinePool
from tests.jobs.conftest import run
from tests.people import SECRET, headers_of
from tests.stored import keys_outside_index
from tests.system.serving.server import running

JPEG = saved(quadrants(), "JPEG")


def client_of(store, **settings) -> testing.TestClient:
    return testing.TestClient(app.create(Settings.model_validate(settings), store, InlinePool()))


@pytest.fixture
def client(s3_store) -> testing.TestClient:
    return client_of(s3_store)


def test_a_picture_goes_round(client, s3_store):
    path = upload(client, JPEG)
    assert client.simulate_get(path).content == JPEG
    assert client.simulate_get(path, headers={"Range": "bytes=3-9"}).content == JPEG[3:10]
    first = client.simulate_get(path + "resize:w=24.png")
    again = client.simulate_get(path + "resize:w=24.png")
    assert opened(first).size == (24, 16)
    assert (first.headers["x-cache"], again.headers["x-cache"]) == ("miss", "hit")
    assert again.content == first.content
    part = client.simulate_get(path + "resize:w=24.png", headers={"Range": "bytes=-5"})
    assert part.content == first.content[-5:]
    assert list(Check(s3_store).run()) == []
    assert client.simulate_delete(path).status_code == 204
    assert_problem(client.simulate_get(path + "resize:w=24.png"), 404)
    assert keys_outside_index(s3_store) == set()


def test_tiles_of_a_large_picture_are_parts_of_one_object(s3_store):
    data = saved(quadrants((1601, 1203)), "JPEG")
    paths = []
    # The second picture is beyond the limits, so all of it comes from its pyramid.
    for most in (50_000_000, 1_500_000):
        settings = {"deep": {"from_pixels": 1_000_000}, "limits": {"max_source_pixels": most}}
        client = client_of(s3_store, **settings)
        path = upload(client, data + bytes(most == 1_500_000))
        base = f"/iiif/3/{path.split('/')[2]}"
        for x, width in ((0, 512), (512, 512), (1536, 65)):
            tile = client.simulate_get(f"{base}/{x},0,{width},512/{width},512/0/default.jpg")
            assert opened(tile).size == (width, 512)
        assert opened(client.simulate_get(f"{base}/full/100,/0/default.jpg")).size == (100, 75)
        [pyramid] = [
            stat.key
            for stat in s3_store.list(f"copies/{path.split('/')[2][:2]}/{path.split('/')[2]}/")
            if stat.key.endswith("-tiles")
        ]
        paths.append((client, path, pyramid))
    for client, path, pyramid in paths:
        assert client.simulate_delete(path).status_code == 204
        assert not list(s3_store.list(pyramid))
    assert keys_outside_index(s3_store) == set()


def test_an_edit_on_an_old_version_is_412(client):
    path = upload(client, JPEG) + "metadata/"
    headers = {
        "Content-Type": "application/merge-patch+json",
        "If-Match": client.simulate_get(path).headers["etag"],
    }
    assert client.simulate_patch(path, json={"title": "a"}, headers=headers).status_code == 200
    assert_problem(client.simulate_patch(path, json={"title": "b"}, headers=headers), 412)


def test_redirects_lead_to_the_bytes_with_their_type(s3_store):
    client = client_of(s3_store, delivery={"mode": "redirect"})
    path = upload(client, JPEG)
    client.simulate_get(path + "thumbnail.webp")
    for wanted, media_type in ((path, "image/jpeg"), (path + "thumbnail.webp", "image/webp")):
        result = client.simulate_get(wanted)
        assert result.status_code == 307
        fetched = httpx.get(result.headers["location"], timeout=60)
        assert fetched.status_code == 200
        assert fetched.headers["content-type"] == media_type
    assert httpx.get(client.simulate_get(path).headers["location"], timeout=60).content == JPEG


def test_an_upload_in_pieces_goes_round(client, s3_store):
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(JPEG)),
        "Content-Type": "application/offset+octet-stream",
    }
    created = client.simulate_post("/uploads/", body=JPEG[:100], headers=headers)
    path = created.json["_links"]["self"]["href"]
    again = client.simulate_patch(path, body=JPEG, headers={**headers, "Upload-Offset": "0"})
    assert_problem(again, 409, "100 bytes")
    last = client.simulate_patch(path, body=JPEG[100:], headers={**headers, "Upload-Offset": "100"})
    image = last.headers["location"].removeprefix("http://falconframework.org")
    assert client.simulate_get(image).content == JPEG
    assert client.simulate_get(path).json["state"] == "finished"
    for thing in (image, path):
        assert client.simulate_delete(thing).status_code == 204
    assert keys_outside_index(s3_store) == set()


def test_a_job_is_created_worked_off_and_ended(s3_store):
    service = app.create(Settings(), s3_store, InlinePool())
    client = testing.TestClient(service)
    image_id = upload(client, JPEG).split("/")[2]
    requested = {"images": [image_id, "nonsense"], "transforms": ["resize:w=24.png", "sepia.png"]}
    path = f"/jobs/{client.simulate_post('/jobs/', json=requested).json['id']}"
    run(service.runner)
    job = client.simulate_get(path).json
    assert job["status"] == "complete"
    assert job["counts"] == {"total": 4, "pending": 0, "complete": 2, "failed": 2}
    hit = client.simulate_get(f"/images/{image_id}/sepia.png")
    assert hit.headers["x-cache"] == "hit"
    assert list(s3_store.list("job-queue/")) == []
    assert list(Check(s3_store).run()) == []


def test_every_process_of_a_node_forgets_what_one_of_them_hides(s3_url, s3_store, tmp_path):
    settings = {
        "server_workers": 2,
        "auth_mode": "optional",
        "auth_secret": SECRET,
        "disk_cache_dir": tmp_path / "copies",
        "disk_cache_trust_s": 3600,
    }
    create_store(s3_url)
    ann = headers_of(s3_store, "ann")
    with running(tmp_path, s3_url, **settings) as server:
        sent = server.request("POST", "/images/", JPEG, {"Content-Type": "image/jpeg", **ann})
        path = f"/images/{sent.json['id']}/"
        for _ in range(20):
            assert server.get(f"{path}thumbnail.png").status == 200
        assert 'lookups_total{outcome="trusted"}' in server.get("/metrics").body.decode()
        headers = {"Content-Type": "application/merge-patch+json", "If-Match": "*", **ann}
        hidden = server.request("PATCH", f"{path}metadata/", '{"visibility": "private"}', headers)
        assert hidden.status == 200
        for _ in range(20):
            assert server.get(f"{path}thumbnail.png").status == 404
        assert server.get(f"{path}thumbnail.png", **ann).status == 200
        assert list((tmp_path / "copies").glob("*/*")) == []
