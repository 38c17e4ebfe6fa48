"""Calls of both clients."""

from __future__ import annotations

import pytest

from progimage.client import (
    Client,
    Invalid,
    InvalidCall,
    NotAPicture,
    Pipeline,
    TooLarge,
)
from tests.system.serving.server import running


def test_calls_with_invalid_arguments_are_not_sent(client):
    calls = [
        lambda: Pipeline().resize(width=4, w=5),
        lambda: Pipeline().tint(),
        lambda: Pipeline().tint("red/blur:9"),
        lambda: client.get("../tags"),
        lambda: client.upload("no such file.jpg"),
        lambda: client.upload(b"x", tags="abc"),
        lambda: client.upload(b"x", tags=["a,b"]),
        lambda: client.edit("a" * 64),
        lambda: client.search(tags_all="abc"),
        lambda: client.upload_many([], concurrency=0),
        lambda: Client("img.example.com"),
    ]
    for make in calls:
        with pytest.raises(InvalidCall):
            list(make() or ())


def test_errors_say_what_would_work(call, url, fresh_jpeg):
    with pytest.raises(NotAPicture, match="Unsupported"):
        call(url, lambda client: client.upload(b"no picture at all"))
    image = call(url, lambda client: client.upload(fresh_jpeg))
    with pytest.raises(Invalid, match="did you mean 'sepia'") as raised:
        call(url, lambda client: client.render(image.id, "sepiaa"))
    assert raised.value.status == 400
    assert raised.value.document["detail"] == raised.value.detail


@pytest.fixture(scope="module")
def strict_url(tmp_path_factory):
    """The address of a server that takes small pictures only."""
    folder = tmp_path_factory.mktemp("strict")
    with running(folder, upload_max_bytes=200_000, deep_enabled="false") as server:
        yield "http://{}:{}".format(*server.address)


@pytest.mark.parametrize("size", [300_000, 9 * 2**20], ids=["whole", "chunks"])
def test_a_picture_that_is_too_large_is_an_error_of_its_own(call, strict_url, size):
    with pytest.raises(TooLarge):
        call(strict_url, lambda client: client.upload(b"x" * size))


def test_is_ready_returns_true_for_a_healthy_service(call, url):
    assert call(url, lambda client: client.is_ready()) is True


def test_transforms_lists_the_operations(call, url):
    names = [item["name"] for item in call(url, lambda client: client.transforms())["operations"]]
    assert "thumbnail" in names


def test_many_images_are_changed_and_deleted_with_a_result_for_each(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg, tags=["draft"]))
    ids = [image.id, "0" * 64]
    changed = call(
        url, lambda client: client.change_many(ids, add_tags=["sea"], remove_tags=["draft"])
    )
    assert [(result.id, result.status) for result in changed] == [(image.id, 200), ("0" * 64, 404)]
    assert "no picture" in changed[1].detail
    assert call(url, lambda client: client.get(image.id)).tags == ("sea",)
    deleted = call(url, lambda client: client.delete_many(ids))
    assert [result.is_ok for result in deleted] == [True, False]


def test_a_bulk_change_of_nothing_is_not_sent(client):
    with pytest.raises(InvalidCall, match="add_tags"):
        client.change_many(["0" * 64])
    with pytest.raises(InvalidCall, match="lists"):
        client.change_many(["0" * 64], add_tags="sea")
