"""Bytes that rotted in the store are never served as if they were whole, and uploads heal them."""

from __future__ import annotations

from pathlib import Path

import pytest
from falcon import testing

from progimage.config import Settings
from progimage.server import app
from progimage.stores import create_store
from tests.api.conftest import upload
from tests.inline_pool import InlinePool

DAMAGES = {
    "missing": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "flipped": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"!"),
}


@pytest.fixture
def folder(tmp_path) -> Path:
    create_store(f"file://{tmp_path}/store")
    return tmp_path / "store"


@pytest.fixture
def client(folder) -> testing.TestClient:
    settings = Settings(store=f"file://{folder}")
    return testing.TestClient(app.create(settings, pool=InlinePool()))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_original_is_503_until_it_is_uploaded_again(client, folder, jpeg, damage):
    path = upload(client, jpeg, params={"title": "Harbour"})
    [original] = folder.glob("images/*/*/original-*")
    DAMAGES[damage](original)
    requested = [f"{path}grayscale.png", f"{path[:-1]}.png"]
    # Whether all bytes are right is only known at the end of a whole read.
    requested += [path] if damage != "flipped" else []
    for address in requested:
        answer = client.simulate_get(address)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "upload the file again" in answer.json["detail"]
    assert list(folder.glob("renders/*/*/*/*")) == []
    sent = client.simulate_post("/images/", body=jpeg, headers={"Content-Type": "image/jpeg"})
    assert (sent.status_code, sent.json["title"]) == (200, "Harbour")
    assert client.simulate_get(path).content == jpeg
    assert all(client.simulate_get(address).status_code == 200 for address in requested)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_nginx_is_not_sent_to_a_damaged_original(folder, jpeg, damage):
    settings = Settings.model_validate(
        {"store": f"file://{folder}", "delivery": {"mode": "x-accel"}}
    )
    client = testing.TestClient(app.create(settings, pool=InlinePool()))
    path = upload(client, jpeg)
    assert client.simulate_get(path).headers["x-accel-redirect"]
    [original] = folder.glob("images/*/*/original-*")
    DAMAGES[damage](original)
    assert client.simulate_get(path).status_code == 503


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_rendition_is_made_again(client, folder, jpeg, damage):
    path = f"{upload(client, jpeg)}thumbnail.png"
    whole = client.simulate_get(path).content
    [file] = folder.glob("renders/public/*/*/*/*")
    DAMAGES[damage](file)
    for expected in ("miss", "hit"):
        answer = client.simulate_get(path)
        assert (answer.content, answer.headers["x-cache"]) == (whole, expected)
