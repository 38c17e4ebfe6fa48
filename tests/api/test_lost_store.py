"""A store that vanishes under the service is unavailable, never an empty library."""

from __future__ import annotations

import pytest
from falcon import testing

from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.server import app
from progimage.server.startup import prove
from progimage.stores import create_store
from tests.api.conftest import upload
from tests.inline_pool import InlinePool


@pytest.fixture
def folder(tmp_path):
    create_store(f"file://{tmp_path}/store")
    return tmp_path / "store"


@pytest.fixture
def client(folder) -> testing.TestClient:
    settings = Settings(store=f"file://{folder}")
    return testing.TestClient(app.create(settings, pool=InlinePool()))


@pytest.mark.parametrize("leaves", ["nothing", "an empty folder", "all but the marker"])
def test_every_answer_is_503_until_the_store_is_back(client, folder, jpeg, leaves):
    path = upload(client, jpeg)
    rendition = f"{path}thumbnail.png"
    assert client.simulate_get(rendition).status_code == 200
    hidden = folder.with_name("hidden")
    marker = folder / "store.json"
    if leaves == "all but the marker":
        marker.rename(hidden)
    else:
        folder.rename(hidden)
        if leaves == "an empty folder":
            folder.mkdir()
    for ask in (
        lambda: client.simulate_get("/images/"),
        lambda: client.simulate_get("/tags/"),
        lambda: client.simulate_get("/jobs/"),
        lambda: client.simulate_get(path),
        lambda: client.simulate_get(rendition),
        lambda: client.simulate_get(f"{path}metadata/"),
        lambda: client.simulate_get("/images/" + "0" * 64),
        lambda: client.simulate_delete(path),
        lambda: client.simulate_post("/images/", body=jpeg, headers={"Content-Type": "image/jpeg"}),
        lambda: client.simulate_get("/health/ready"),
    ):
        answer = ask()
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
    if leaves == "an empty folder":
        assert list(folder.iterdir()) == []
        folder.rmdir()
    hidden.rename(marker if leaves == "all but the marker" else folder)
    assert client.simulate_get(path).content == jpeg


def test_a_start_creates_a_store_only_on_purpose(tmp_path):
    settings = Settings(store=f"file://{tmp_path}/store")
    with pytest.raises(ConfigError, match="create-store"):
        prove(settings)
    assert list(tmp_path.iterdir()) == []
    prove(settings.model_copy(update={"create_store": True}))
    prove(settings)
