"""Two servers over one folder are one service."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from progimage.stores import open_store
from tests.people import SECRET, headers_of
from tests.system.serving.server import Server, running


@pytest.fixture(scope="module")
def nodes(tmp_path_factory) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("nodes")
    store = f"file://{folder}/store"
    accounts = {"auth_mode": "optional", "auth_secret": SECRET}
    with (
        running(folder / "a", store, **accounts) as a,
        running(folder / "b", store, **accounts) as b,
    ):
        yield a, b


def test_a_picture_uploaded_on_one_node_is_on_the_other_at_once(nodes, fresh_jpeg):
    a, b = nodes
    path = a.upload(fresh_jpeg)
    assert b.get(path).body == fresh_jpeg
    assert a.get(f"{path}sepia.png").headers["x-cache"] == "miss"
    assert b.get(f"{path}sepia.png").headers["x-cache"] == "hit"


def test_a_picture_removed_on_one_node_is_gone_from_the_other(nodes, fresh_jpeg):
    a, b = nodes
    path = a.upload(fresh_jpeg)
    for node in nodes:
        assert node.get(f"{path}thumbnail.png").status == 200
        assert node.get(path).status == 200
    assert b.request("DELETE", path).status == 204
    for node in nodes:
        for what in ("", "metadata/", "thumbnail.png", "sepia.png"):
            assert node.get(path + what).status == 404
    assert a.upload(fresh_jpeg) == path
    assert b.get(path).body == fresh_jpeg


def test_a_picture_hidden_on_one_node_is_hidden_on_the_other(nodes, fresh_jpeg):
    a, b = nodes
    ann = headers_of(open_store(a.store), "ann")
    sent = a.request("POST", "/images/", fresh_jpeg, {"Content-Type": "image/jpeg", **ann})
    path = f"/images/{sent.json['id']}/"
    assert b.get(f"{path}thumbnail.png").status == 200
    assert edit(a, path, lambda _: {"visibility": "private"}, ann) == 200
    for node in nodes:
        assert node.get(f"{path}thumbnail.png").status == 404
        shown = node.get(f"{path}thumbnail.png", **ann)
        assert shown.headers["cache-control"] == "private, no-store"
    renditions = [file for file in a.stored_files() if path.strip("/")[7:] in file]
    assert not [file for file in renditions if file.startswith("renders/public/")]


def test_edits_through_both_nodes_at_once_lose_nothing(nodes, fresh_jpeg):
    path = nodes[0].upload(fresh_jpeg)

    def add(number: int) -> None:
        node = nodes[number % 2]
        while edit(node, path, lambda tags: {"tags": [*tags, f"t{number}"]}) == 412:
            pass

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add, range(24)))
    for node in nodes:
        record = node.get(f"{path}metadata/").json
        assert set(record["tags"]) == {f"t{number}" for number in range(24)}
        assert record["revision"] == 25


def edit(node: Server, path: str, change, who: Mapping[str, str] | None = None) -> int:
    """Edit the version the node shows now, on the condition that it is still the last."""
    shown = node.get(f"{path}metadata/", **(who or {}))
    patch = json.dumps(change(shown.json["tags"]))
    headers = {"If-Match": shown.headers["etag"], "Content-Type": "application/merge-patch+json"}
    headers |= who or {}
    return node.request("PATCH", f"{path}metadata/", patch, headers).status


def test_one_picture_uploaded_through_both_nodes_at_once_is_one_picture(nodes, fresh_jpeg):
    def upload(number: int):
        headers = {"Content-Type": "image/jpeg"}
        return nodes[number % 2].request("POST", "/images/", fresh_jpeg, headers)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(upload, range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    held = [file for file in nodes[0].stored_files() if answers[0].json["id"] in file]
    assert len([file for file in held if "/original" in file]) == 1


def test_uploads_and_removals_through_both_nodes_at_once_end_in_one_of_the_two(nodes, fresh_jpeg):
    path = nodes[0].upload(fresh_jpeg)

    def act(number: int) -> int:
        node = nodes[number % 2]
        if number % 3:
            headers = {"Content-Type": "image/jpeg"}
            return node.request("POST", "/images/", fresh_jpeg, headers).status
        return node.request("DELETE", path).status

    with ThreadPoolExecutor(6) as threads:
        statuses = set(threads.map(act, range(36)))
    assert statuses <= {200, 201, 204, 404, 503}
    shown = [node.get(path) for node in nodes]
    assert shown[0].status == shown[1].status
    assert shown[0].status == 404 or shown[0].body == shown[1].body == fresh_jpeg
