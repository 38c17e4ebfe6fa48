"""`progimage album`, with a real server."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from progimage.client import Client

LICENCE = "http://creativecommons.org/licenses/by/4.0/"


@pytest.fixture
def ids(url) -> list[str]:
    with Client(url) as client:
        return [client.upload(picture(n)).id for n in range(3)]


def picture(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), (number, 200, 90)).save(file, "PNG")
    return file.getvalue()


def shown(use, album: str) -> dict:
    return json.loads(use("album", "show", album, "--json").text)


def images(use, album: str) -> list[str]:
    return [image["id"] for image in use("album", "images", album, "--json").json]


def test_an_album_is_created_from_standard_input_listed_and_deleted(use, ids):
    album = use("album", "create", "Harbours", "-", stdin="\n".join(ids).encode()).text.strip()
    assert images(use, album) == ids
    [line] = [row for row in use("album", "list").lines if album in row]
    assert line.split("\t") == [album, "3", "public", "Harbours"]
    assert use("album", "rm", album).code == 2, "there is no terminal to ask at"
    assert use("album", "rm", album, "--yes").code == 0
    assert use("album", "show", album).code == 1


def test_an_album_is_described_and_gets_a_cover(use, ids):
    album = use("album", "create", "Harbours", *ids, "--description", "At dusk").text.strip()
    use("album", "edit", album, "--title", "Ports", "--cover", ids[2])
    found = shown(use, album)
    assert [found[name] for name in ("title", "description", "cover", "count")] == [
        "Ports", "At dusk", ids[2], 3,
    ]  # fmt: skip
    use("album", "edit", album, "--cover", "", "--description", "")
    assert (shown(use, album)["cover"], shown(use, album)["description"]) == (ids[0], "")


def test_images_are_moved_ordered_removed_and_added(use, ids):
    first, second, third = ids
    album = use("album", "create", "Harbours", first, second).text.strip()
    use("album", "add", album, third, "--before", second)
    assert images(use, album) == [first, third, second]
    use("album", "order", album, second, first, third)
    assert images(use, album) == [second, first, third]
    assert "2 images" in use("album", "remove", album, first).err
    assert images(use, album) == [second, third]
    missing = use("album", "add", album, "0" * 64)
    assert missing.code == 1
    assert "no picture" in missing.err


def test_rights_are_edited(use, ids):
    use("edit", ids[0], "--rights", LICENCE)
    assert json.loads(use("show", ids[0], "--json").text)["rights"] == LICENCE
    wrong = use("edit", ids[0], "--rights", "mine")
    assert wrong.code == 1
    assert "creativecommons.org" in wrong.err
