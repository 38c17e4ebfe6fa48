"""Images, with both clients."""

from __future__ import annotations

import io
import math
import random

import httpx
import pytest
from PIL import Image

from progimage.client import (
    Changed,
    Conflict,
    NotFound,
    Pipeline,
)
from tests.imaging.drawing import saved


def noisy(megabytes: int) -> Image.Image:
    """Return a picture of which a PNG without compression has about so many megabytes."""
    side = math.ceil(math.sqrt(megabytes * 2**20 / 3))
    return Image.frombytes("RGB", (side, side), random.randbytes(side * side * 3))


def test_an_image_is_uploaded_read_edited_rendered_and_deleted(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg, title="Harbour", tags=["sea", "ü"]))
    assert image.is_new
    assert (image.title, image.tags) == ("Harbour", ("sea", "ü"))
    assert call(url, lambda client: client.get(image.id)) == image
    assert call(url, lambda client: client.read(image.id)) == fresh_jpeg
    again = call(url, lambda client: client.upload(fresh_jpeg))
    assert (again.id, again.is_new) == (image.id, False)
    edited = call(url, lambda client: client.edit(image.id, title="Port", tags=[]))
    assert (edited.title, edited.tags, edited.revision) == ("Port", (), 2)
    small = call(url, lambda client: client.render(image.id, "thumbnail:20x20", "webp"))
    assert Image.open(io.BytesIO(small)).format == "WEBP"
    assert call(url, lambda client: client.purge(image.id)) == 1
    call(url, lambda client: client.delete(image.id))
    with pytest.raises(NotFound) as raised:
        call(url, lambda client: client.get(image.id))
    assert raised.value.type == "urn:progimage:problem:not-found"


@pytest.mark.parametrize("is_large", [False, True], ids=["whole", "chunks"])
def test_an_image_that_is_there_names_the_fields_it_did_not_take(client, fresh_jpeg, is_large):
    data = saved(noisy(9), "PNG", compress_level=0) if is_large else fresh_jpeg
    assert client.upload(data, title="First", tags=["a"]).is_new
    again = client.upload(data, title="Second", tags=["b"])
    assert (again.is_new, again.title, set(again.not_applied)) == (
        False,
        "First",
        {"title", "tags"},
    )
    merged = client.upload(data, title="Second", tags=["b"], on_known="merge")
    assert (merged.title, set(merged.tags), merged.applied) == ("First", {"a", "b"}, ("tags",))
    replaced = client.upload(data, title="Second", on_known="replace")
    assert (replaced.title, replaced.applied, replaced.not_applied) == ("Second", ("title",), ())


def test_every_address_of_a_srcset_has_its_width(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg))
    entries = image.srcset([20, 30, 9999], Pipeline().grayscale(), "png").split(", ")
    for entry in entries:
        address, width = entry.removesuffix("w").split(" ")
        picture = Image.open(io.BytesIO(httpx.get(address).content))
        assert picture.width == int(width)
        red, green, blue = picture.convert("RGB").split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
    assert [entry.rpartition(" ")[2] for entry in entries] == ["20w", "30w", f"{image.width}w"]


def test_an_image_is_found_by_its_external_id(call, url, fresh_jpeg):
    name = f"sku {random.randbytes(8).hex()}"
    old = call(url, lambda client: client.upload(fresh_jpeg, external_id=name))
    other = saved(noisy(1), "PNG")
    with pytest.raises(Conflict):
        call(url, lambda client: client.upload(other, external_id=name))
    options = {"external_id": name, "on_external": "replace"}
    new = call(url, lambda client: client.upload(other, **options))
    assert new.external_id == name
    assert [found.id for found in call(url, lambda c: c.search(external_id=name))] == [new.id]
    edited = call(url, lambda client: client.edit(old.id, external_id=f"{name} old"))
    assert edited.external_id == f"{name} old"


def test_the_server_writes_html_for_several_widths(client, fresh_jpeg):
    image = client.upload(fresh_jpeg)
    for pipeline in ("grayscale.png", Pipeline().grayscale().png()):
        found = image.responsive([20, 30], pipeline, sizes="50vw")
        assert [entry.rpartition(" ")[2] for entry in found.srcset.split(", ")] == ["20w", "30w"]
        assert found.picture.startswith("<picture>")
        assert 'sizes="50vw"' in found.img
        assert found.expires == ""
    assert image.responsive().srcset.endswith(f" {image.width}w")


def test_two_edits_of_one_version_do_not_overwrite_each_other(client, fresh_jpeg):
    first = client.upload(fresh_jpeg)
    second = client.get(first.id)
    assert first.edit(title="First").revision == 2
    with pytest.raises(Changed):
        second.edit(title="Second")
    assert second.refresh().title == "First"


def test_rights_are_read_and_edited(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg))
    assert image.rights == ""
    licence = "http://creativecommons.org/licenses/by/4.0/"
    assert call(url, lambda client: client.edit(image.id, rights=licence)).rights == licence
    assert call(url, lambda client: client.edit(image.id, rights="")).rights == ""
