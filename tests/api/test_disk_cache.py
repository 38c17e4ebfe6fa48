"""With copies on a node's disk every answer is as it is without them."""

from __future__ import annotations

import pytest
from PIL import Image

from progimage.errors import ConfigError
from progimage.stores.folder.store import FilesystemStore
from progimage.telemetry import metrics
from tests.api.conftest import upload
from tests.api.resources.test_metrics import sample
from tests.api.responses.test_delivery import PresigningStore, client_of
from tests.imaging.drawing import saved
from tests.people import AUTH, headers_of


@pytest.fixture
def disk_cache(tmp_path) -> dict[str, str]:
    return {"dir": str(tmp_path / "copies")}


@pytest.fixture
def cached(make_client, disk_cache):
    return make_client(disk_cache=disk_cache)


def telling(result) -> tuple[int, bytes, dict[str, str]]:
    """Return what a response says, but for what differs each time."""
    varying = ("x-request-id", "server-timing", "x-cache")
    return (
        result.status_code,
        result.content,
        {name: value for name, value in result.headers.items() if name not in varying},
    )


@pytest.mark.parametrize("rendition", ["thumbnail.png", "resize:w=400,enlarge=true.png"])
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Range": "bytes=5-99"}),
        ("GET", {"Range": "bytes=-7"}),
        ("GET", {"Range": "bytes=99999999-"}),
        ("GET", {"If-None-Match": "*"}),
        ("GET", {"If-None-Match": '"other"'}),
    ],
)
def test_no_answer_differs(client, cached, rendition, method, headers):
    path = upload(client, saved(Image.effect_noise((300, 300), 90), "PNG")) + rendition
    made = client.simulate_get(path)
    for _ in range(2):
        assert cached.simulate_get(path).content == made.content
    assert len(made.content) > 65_536 or rendition == "thumbnail.png"
    answers = [c.simulate_request(method, path, headers=headers) for c in (client, cached)]
    assert telling(answers[0]) == telling(answers[1])
    assert answers[1].headers.get("x-cache", "hit") == "hit"


def test_new_objects_are_copied(cached, store, monkeypatch, jpeg):
    path = f"{upload(cached, jpeg)}thumbnail.png"
    made = cached.simulate_get(path)
    monkeypatch.setattr(store, "open", lambda *_: pytest.fail("the store was read"))
    assert cached.simulate_get(path).content == made.content


def test_looks_are_counted(make_client, tmp_path, jpeg):
    def lookups(outcome: str) -> float:
        return sample(client, "progimage_disk_cache_lookups_total", outcome=outcome)

    client = make_client(disk_cache={"dir": str(tmp_path / "copies"), "trust_s": 3600})
    before = [lookups(outcome) for outcome in ("trusted", "confirmed", "missed")]
    path = f"{upload(client, jpeg)}thumbnail.png"
    for _ in range(3):
        client.simulate_get(path)
    make_client(disk_cache={"dir": str(tmp_path / "copies")}).simulate_get(path)
    make_client(disk_cache={"dir": str(tmp_path / "empty")}).simulate_get(path)
    after = [lookups(outcome) for outcome in ("trusted", "confirmed", "missed")]
    assert [now - then for then, now in zip(before, after, strict=True)] == [2, 1, 1]
    assert sample(client, "progimage_disk_cache_bytes") == 4096
    metrics.disk_cache_evictions(2)
    assert sample(client, "progimage_disk_cache_evictions_total") >= 2


def test_a_private_picture_leaves_nothing_on_the_disk(
    make_client, disk_cache, store, jpeg, tmp_path
):
    client, ann = make_client(disk_cache=disk_cache, auth=AUTH), headers_of(store, "ann")
    sent = client.simulate_post(
        "/images/?visibility=private", body=jpeg, headers={"Content-Type": "image/jpeg", **ann}
    )
    path = f"/images/{sent.json['id']}/thumbnail.png"
    for _ in range(2):
        assert client.simulate_get(path, headers=ann).status_code == 200
    assert not list((tmp_path / "copies").glob("*/*"))


def test_where_clients_are_redirected_there_is_none(disk_cache, jpeg, tmp_path):
    client = client_of(PresigningStore(), "redirect", disk_cache=disk_cache)
    path = f"{upload(client, jpeg)}thumbnail.png"
    assert [client.simulate_get(path).status_code for _ in range(2)] == [200, 307]
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize("mode", ["direct", "x-accel"])
def test_before_a_folder_store_it_is_refused(disk_cache, tmp_path, mode):
    with pytest.raises(ConfigError, match=r"disk_cache\.dir"):
        client_of(FilesystemStore(tmp_path / "store"), mode, disk_cache=disk_cache)
