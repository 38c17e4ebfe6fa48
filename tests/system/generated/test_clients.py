"""Clients that openapi-generator writes from /openapi.json, used with a real server."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.imaging.drawing import quadrants, saved
from tests.system.serving.conftest import server

__all__ = ["server"]

HERE = Path(__file__).parent
BIN = Path(sys.prefix) / "openapi-generator" / "bin"
NODE_PACKAGES = HERE.parents[2] / "docs" / "typescript"

JPEG = saved(quadrants(), "JPEG")
PNG = saved(quadrants().rotate(90), "PNG")
IDS = [hashlib.sha256(data).hexdigest() for data in (JPEG, PNG)]


def run(command: list[str], folder: Path, **environ: str) -> str:
    """Return what a command prints; its errors are the message of the failure."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5_000:]
    return done.stdout


def generate(generator: str, folder: Path, server, *options: str) -> Path:
    document = folder / "openapi.json"
    document.write_bytes(server.get("/openapi.json").body)
    client = folder / "client"
    run(
        [
            str(BIN / "openapi-generator-cli"), "generate", "-g", generator, "-i", str(document),
            "-o", str(client), *options,
        ],
        folder,
        PATH=f"{BIN}:{os.environ['PATH']}",
    )  # fmt: skip
    return client


def with_python(folder: Path, server, *arguments: str) -> str:
    client = generate("python", folder, server)
    return run([sys.executable, str(HERE / "use.py"), *arguments], folder, PYTHONPATH=str(client))


def with_typescript(folder: Path, server, *arguments: str) -> str:
    client = generate("typescript-fetch", folder, server, "--additional-properties=npmName=client")
    # With the compiler's version that the repository has locked.
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE_PACKAGES / name, folder)
    run(["npm", "ci", "--silent"], folder)
    shutil.copy(HERE / "use.mjs", client)
    run([str(folder / "node_modules" / ".bin" / "tsc"), "--strict"], client)
    return run(["node", "use.mjs", *arguments], client)


@pytest.fixture(scope="module", params=[with_python, with_typescript])
def results(request, server, tmp_path_factory) -> dict[str, Any]:
    """Return what the program prints that uses the client."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "a.jpg").write_bytes(JPEG)
    (folder / "b.png").write_bytes(PNG)
    address = "http://{}:{}".format(*server.address)
    files = (str(folder / "a.jpg"), str(folder / "b.png"))
    return json.loads(request.param(folder, server, address, *files))


# The first test waits for the generator, the compiler and npm.
pytestmark = pytest.mark.timeout(600)


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_a_form_stores_a_picture_with_its_fields(results):
    assert results["form"] == {"id": IDS[0], "title": "Nöise", "tags": ["one", "two words"]}


def test_a_form_stores_several_pictures(results):
    assert results["both"] == IDS


def test_json_stores_a_picture(results):
    assert results["json"] == IDS[1]


def test_the_bytes_of_a_picture_are_stored_as_they_are(results):
    assert results["raw"]["id"] == IDS[1]


def test_fields_are_edited(results):
    assert results["edited"] == "Edited"


def test_pictures_are_listed(results):
    assert IDS[0] in results["listed"]


def test_an_original_comes_back_unchanged(results):
    assert base64.b64decode(results["original"]) == JPEG


def test_renditions_are_pictures_of_the_requested_size_and_format(results):
    assert opened(results["steps"]).format == "PNG"
    assert opened(results["steps"]).mode == "L"
    assert opened(results["steps"]).width <= 20
    assert opened(results["arguments"]).width == 25
    assert opened(results["converted"]).format == "WEBP"
    assert opened(results["on_demand"]).width == 15
    assert results["srcset"] == [10, 20]


def test_errors_are_problems_of_the_server(results):
    assert results["missing"] == [404, "Not found"]
