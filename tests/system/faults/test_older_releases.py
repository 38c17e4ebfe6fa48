"""A store that an earlier release wrote opens after the upgrade, with everything in it."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from falcon import testing

from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.library.index.index import Index
from progimage.maintenance.check import Check
from progimage.maintenance.reindex import reindex
from progimage.maintenance.upgrade import upgrade
from progimage.server import app
from progimage.stores import create_store, open_raw, open_store
from tests.inline_pool import InlinePool
from tests.people import AUTH, headers_of

RELEASES = Path(__file__).parent / "releases"
FIRST = "0.1.0"
# An early build of 0.2, whose index is of another version.
FIRST_INDEX = "0.2.0-first-index"
ALL = sorted(path.name.removesuffix(".tar.gz") for path in RELEASES.glob("*.tar.gz"))

HARBOUR = "e88600151471f166ea9622ec422225436b56597cf954270794c12a01f1852589"
ISTANBUL = "225d6b7ef803443ec23fb993dd17f9f853946f5c8b82c9bc6806fc7e5fea4f09"
PRIVATE = "a61cf35386556bf38334f1465aae7343b673c9700d8ba68a60e57a354200682f"


@pytest.fixture(params=ALL)
def url(request, tmp_path) -> str:
    with tarfile.open(RELEASES / f"{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path / "store", filter="data")
    return f"file://{tmp_path}/store"


@pytest.fixture
def upgraded(request, url) -> str:
    """A store after what `docs/operate/upgrading.md` asks for."""
    release = request.node.callspec.params["url"]
    if release == FIRST:
        upgrade(open_raw(url, creates=True))
    elif release == FIRST_INDEX:
        reindex(Index(open_store(url)), from_scratch=True)
    return url


def client_of(url: str) -> testing.TestClient:
    settings = Settings.model_validate({"store": url, "auth": AUTH})
    return testing.TestClient(app.create(settings, pool=InlinePool()))


@pytest.mark.parametrize("url", [FIRST], indirect=True)
def test_it_is_not_served_and_not_taken_for_empty_before_the_upgrade(url):
    for act in (open_store, create_store):
        with pytest.raises(ConfigError, match="upgrade-store"):
            act(url)


@pytest.mark.parametrize("url", [FIRST_INDEX], indirect=True)
def test_an_index_of_another_version_is_not_taken_for_empty(url):
    answer = client_of(url).simulate_get("/images/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "progimage reindex --from-scratch" in answer.json["detail"]


def test_everything_is_there_after_the_upgrade(upgraded):
    client, ann = client_of(upgraded), headers_of(open_store(upgraded), "ann")
    listed = client.simulate_get("/images/", headers=ann).json["data"]
    assert {picture["id"] for picture in listed} == {HARBOUR, ISTANBUL, PRIVATE}
    for image_id in (HARBOUR, ISTANBUL, PRIVATE):
        assert client.simulate_get(f"/images/{image_id}/", headers=ann).status_code == 200
        rendition = client.simulate_get(f"/images/{image_id}/thumbnail.webp", headers=ann)
        assert rendition.status_code == 200
    assert client.simulate_get(f"/images/{PRIVATE}/").status_code == 404
    [found] = client.simulate_get("/images/", params={"tag": "sea"}).json["data"]
    assert (found["id"], found["title"]) == (HARBOUR, "Harbour")
    [found] = client.simulate_get("/images/", params={"q": "picture"}).json["data"]
    assert found["id"] == HARBOUR
    [job] = client.simulate_get("/jobs/").json["data"]
    assert job["counts"]["total"] == 2


def test_a_check_after_the_upgrade_finds_nothing(upgraded):
    assert list(Check(open_store(upgraded)).run()) == []
