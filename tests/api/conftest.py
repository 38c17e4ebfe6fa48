"""The whole app in this process, over a store in memory."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.server import app
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.imaging.drawing import quadrants, saved
from tests.inline_pool import InlinePool
from tests.origin_client import OriginClient
from tests.people import AUTH, headers_of
from tests.system.s3.real import empty_store


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


@pytest.fixture
def make_client(store) -> Callable[..., testing.TestClient]:
    """Return a function that makes a client of an app with the given settings."""

    def make(**settings: Any) -> testing.TestClient:
        service = app.create(Settings.model_validate(settings), store, InlinePool())
        return testing.TestClient(service)

    return make


@pytest.fixture
def client(make_client) -> testing.TestClient:
    return make_client()


@pytest.fixture
def make_person(store, make_client) -> Callable[..., testing.TestClient]:
    """Return a function that makes a client that sends the API key of an account."""

    def make(
        name: str, auth: dict[str, Any] = AUTH, trash: dict[str, Any] | None = None, **fields: Any
    ) -> testing.TestClient:
        anybody = make_client(auth=auth, **({"trash": trash} if trash else {}))
        return testing.TestClient(anybody.app, headers=headers_of(store, name, **fields))

    return make


@pytest.fixture
def ann(make_person) -> testing.TestClient:
    """A client with an account."""
    return make_person("ann")


@pytest.fixture
def jpeg() -> bytes:
    """A JPEG of 48 x 32 with a colour in each quarter."""
    return saved(quadrants(), "JPEG", quality=95)


@pytest.fixture
def png() -> bytes:
    """A PNG of 48 x 32 with a colour in each quarter."""
    return saved(quadrants(), "PNG")


@pytest.fixture
def uploaded(client, jpeg) -> str:
    """The path of an uploaded JPEG."""
    return upload(client, jpeg)


def upload(client: testing.TestClient, data: bytes, **kwargs: Any) -> str:
    """Upload a picture as a raw body and return its path.

    `kwargs` are those of `simulate_post`: `params={"visibility": "private"}` is the query.
    """
    result = client.simulate_post(
        "/images/", body=data, headers={"Content-Type": "application/octet-stream"}, **kwargs
    )
    assert result.status_code in (200, 201), result.text[:2000]
    return f"/images/{result.json['id']}/"


def opened(result: testing.Result) -> Image.Image:
    """Return the picture in a response."""
    assert result.status_code in (200, 206), result.text[:2000]
    return Image.open(io.BytesIO(result.content))


def assert_problem(result: testing.Result, status: int, *words: str) -> None:
    """Hold an error to its one shape, and its detail to the words a caller needs."""
    assert result.status_code == status, result.text[:2000]
    assert result.headers["content-type"] == "application/problem+json"
    assert result.json.keys() >= {"type", "title", "status", "detail"}
    assert result.json["status"] == status
    for word in words:
        assert word in result.json["detail"]


def form(*parts: tuple[str, bytes | str] | tuple[str, bytes | str, str]) -> dict[str, Any]:
    """Return body and headers of a multipart form; a part with a third item is a file."""
    boundary = "9f2c-boundary"
    body = io.BytesIO()
    for name, content, *file_name in parts:
        body.write(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode())
        if file_name:
            body.write(f'; filename="{file_name[0]}"\r\nContent-Type: image/any'.encode())
        body.write(
            b"\r\n\r\n" + (content.encode() if isinstance(content, str) else content) + b"\r\n"
        )
    body.write(f"--{boundary}--\r\n".encode())
    return {
        "body": body.getvalue(),
        "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"},
    }


@pytest.fixture
def origin(request, tmp_path) -> OriginClient:
    """A service with an origin in a folder; a test gives settings as its parameter."""
    root = tmp_path / "shop"
    root.mkdir()
    return OriginClient(root, MemoryStore(), getattr(request, "param", {}))
