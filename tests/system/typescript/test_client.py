"""The TypeScript client, compiled and used against a real server."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.people import PASSWORD, SECRET
from tests.system.serving.conftest import noise, server
from tests.system.serving.server import running

__all__ = ["noise", "server"]

SOURCE = Path(__file__).parents[3] / "docs" / "typescript"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Path:
    """Return a folder with the client, compiled outside of the repository."""
    folder = tmp_path_factory.mktemp("typescript") / "client"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    for command in (["npm", "ci", "--silent"], ["npm", "run", "--silent", "build"]):
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
    shutil.copy(Path(__file__).with_name("use.mjs"), folder)
    return folder


@pytest.fixture(scope="module")
def results(compiled, server, noise) -> dict[str, Any]:
    """Return what use.mjs printed: a large image was uploaded, and addresses were made."""
    (compiled / "noise.png").write_bytes(noise)
    shutil.copy(SOURCE.parent / "pictures" / "photo.jpg", compiled)
    address = "http://{}:{}".format(*server.address)
    command = ["node", "use.mjs", address, "noise.png"]
    run = subprocess.run(command, cwd=compiled, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def opened(address: str) -> Image.Image:
    return Image.open(io.BytesIO(httpx.get(address, timeout=60).raise_for_status().content))


def test_a_large_image_is_uploaded_in_chunks_with_its_fields(results, noise):
    image = results["image"]
    assert (image["title"], image["tags"]) == ("Noïse", ["one", "two"])
    assert (image["file_name"], image["size_bytes"]) == ("noise.png", len(noise))
    assert results["progress"][-1] == [len(noise), len(noise)]
    assert len(results["progress"]) > 3


def test_a_file_of_a_browser_is_uploaded_too(results):
    assert results["blob"] == results["image"]["id"]


def test_errors_are_problems_of_the_server(results):
    assert results["problem"] == [True, 415]
    assert results["missing"] == [True, 404]


def test_invalid_arguments_are_errors_before_any_request(results):
    assert results["invalid"] == ["TypeError"] * 3


def test_the_server_accepts_what_the_operations_write(results):
    urls = results["urls"]
    assert opened(urls["conversion"]).format == "JPEG"
    assert opened(urls["text"]).size[0] == 30
    assert opened(urls["image"]).size[0] == 20
    assert opened(urls["external"]).size[0] == 25


def test_the_loaders_of_next_and_nuxt_make_addresses_of_renditions(results):
    assert opened(results["urls"]["next"]).width == 40
    nuxt = opened(results["urls"]["nuxt"])
    assert (nuxt.size, nuxt.format) == ((50, 20), "WEBP")


def test_every_address_of_a_srcset_has_its_width(results):
    entries = [entry.split(" ") for entry in results["srcset"].split(", ")]
    assert [width for _, width in entries] == ["30w", "60w", f"{results['image']['width']}w"]
    for address, width in entries[:2]:
        assert opened(address).width == int(width.removesuffix("w"))


def test_the_server_writes_html_for_several_widths(results):
    assert results["responsive"]["picture"].startswith("<picture>")
    assert results["responsive"]["srcset"].endswith("/grayscale/resize:width=40.auto 40w")
    assert results["responsive"]["expires"] is None


def test_an_album_is_created_changed_read_and_deleted(results):
    album = results["album"]
    image, twin = album["ids"]
    assert album["added"] == [200, 404]
    assert album["order"] == [twin, image]
    edited = album["edited"]
    assert [edited[name] for name in ("title", "description", "cover", "count")] == [
        "Ports", "At dusk", image, 2,
    ]  # fmt: skip
    assert album["read"] == edited
    assert album["isListed"]
    assert album["gone"] == 404


def test_a_link_needs_a_key_of_the_server(results):
    assert results["album"]["noKey"] == [True, 403]


def test_images_that_look_alike_are_found_and_those_with_all_tags(results):
    assert results["near"] == [results["twin"]]
    assert results["tagged"] == [results["image"]["id"]]


def test_an_account_sees_what_it_has_stored_and_may_store(compiled, tmp_path, noise):
    accounts = {"auth_mode": "required", "auth_secret": SECRET, "auth_registration": "open"}
    quotas = {"quota_enabled": "true", "quota_max_pictures": 7}
    (compiled / "account.mjs").write_text(
        """import { ProgImage } from './dist/index.js'
        const [address, token] = process.argv.slice(2)
        console.log(JSON.stringify(await new ProgImage(address, { token }).account()))"""
    )
    with running(tmp_path, **accounts, **quotas) as server:
        address = "http://{}:{}".format(*server.address)
        sent = {"username": "ann", "password": PASSWORD}
        httpx.post(f"{address}/users/", json=sent, timeout=60).raise_for_status()
        token = httpx.post(f"{address}/tokens/", json=sent, timeout=60).json()["access_token"]
        signed_in = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
        httpx.post(f"{address}/images/", content=noise, headers=signed_in, timeout=60)
        command = ["node", "account.mjs", address, token]
        run = subprocess.run(command, cwd=compiled, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    account = json.loads(run.stdout)
    assert account["username"] == "ann"
    assert account["quota"] == {
        "pictures": 1, "size_bytes": len(noise), "max_pictures": 7, "max_size_bytes": 0,
    }  # fmt: skip
