"""Servers, and pictures to send them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """One server for all tests that do not change it."""
    with running(tmp_path_factory.mktemp("server"), server_workers=2) as server:
        yield server


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return saved(quadrants(), "JPEG", quality=95)


@pytest.fixture
def fresh_jpeg() -> bytes:
    """A JPEG that no other test has uploaded."""
    colour = tuple(random.randrange(256) for _ in range(3))
    image = Image.new("RGB", (random.randrange(40, 400), random.randrange(40, 400)), colour)
    return saved(image, "JPEG", comment=random.randbytes(16).hex())


@pytest.fixture(scope="session")
def noise() -> bytes:
    """About 30 MB of a PNG that does not compress."""
    width, height = 4000, 2500
    pixels = random.Random(1).randbytes(width * height * 3)
    return saved(Image.frombytes("RGB", (width, height), pixels), "PNG", compress_level=0)


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A JPEG of 12 megapixels with something to see in it."""
    small = Image.frombytes("RGB", (80, 60), random.Random(2).randbytes(80 * 60 * 3))
    return saved(small.resize((4000, 3000), Image.Resampling.BICUBIC), "JPEG", quality=80)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
