"""The picture that is shown where an origin's is missing or cannot be fetched."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem
from tests.origin_client import OriginClient, picture

Make = Callable[..., OriginClient]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes an origin with a red picture as fallback."""
    (tmp_path / "shop").mkdir()
    store = MemoryStore()
    library = OriginClient(tmp_path / "shop", store, {}).client
    headers = {"Content-Type": "image/png"}
    stored = library.simulate_post("/images/", body=picture(300, 200, "red"), headers=headers)

    def made(**options: Any) -> OriginClient:
        return OriginClient(tmp_path / "shop", store, {"fallback": stored.json["id"], **options})

    return made


def _seen(data: bytes) -> tuple[tuple[int, int], tuple[int, ...]]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size, image.convert("RGB").getpixel((5, 5))


@pytest.mark.parametrize("status", [200, 404])
def test_a_missing_picture_is_the_fallback_made_as_requested(make: Make, status: int) -> None:
    answer = make(fallback_status=status).get("resize:w=30.png/-/gone.png")
    assert _seen(answer.content) == ((30, 20), (255, 0, 0))
    assert answer.status_code == status
    assert answer.headers["x-fallback"] == "1"
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_it_is_not_cached_where_missing_pictures_are_not(make: Make) -> None:
    answer = make(missing_s=0).get("thumbnail.png/-/gone.png")
    assert answer.headers["cache-control"] == "no-store"


def test_it_is_shown_while_the_origin_is_down(make: Make) -> None:
    origin = make()
    origin.break_down()
    assert _seen(origin.get("resize:w=30.png/-/a.png").content) == ((30, 20), (255, 0, 0))


@pytest.mark.parametrize(
    ("path", "status"), [("resise:9x9.png/-/gone.png", 400), ("thumbnail.png/-/text.png", 415)]
)
def test_other_errors_stay_errors(make: Make, path: str, status: int) -> None:
    origin = make()
    origin.put("text.png", b"not a picture at all, but a text")
    assert_problem(origin.get(path), status)


def test_a_picture_that_is_there_is_no_fallback(make: Make) -> None:
    origin = make()
    origin.put("a.png", picture(300, 200))
    answer = origin.get("resize:w=30.png/-/a.png")
    assert "x-fallback" not in answer.headers
    assert _seen(answer.content) == ((30, 20), (0, 128, 128))
