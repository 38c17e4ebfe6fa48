"""Origins whose pictures are imported into the library at their first request."""

from __future__ import annotations

import io
from typing import Any

import pytest
from falcon import testing
from PIL import Image

from progimage import keys
from progimage.config import Settings
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem
from tests.origin_client import OriginClient, picture
from tests.people import AUTH, headers_of

ADOPT = {"adopt": "first request"}
URL = "resize:w=30.png/-/2024/boat.png"


@pytest.fixture
def origin(request, tmp_path) -> OriginClient:
    """An origin that adopts; a test gives further settings as its parameter."""
    (tmp_path / "shop").mkdir()
    options = {**ADOPT, **getattr(request, "param", {})}
    origin = OriginClient(tmp_path / "shop", MemoryStore(), options)
    origin.put("2024/boat.png", picture(300, 200, "red"))
    return origin


def ids(origin: OriginClient, headers: dict[str, str] | None = None) -> list[str]:
    found = origin.client.simulate_get("/images/", headers=headers).json
    return [image["id"] for image in found["data"]]


def colour(answer: testing.Result) -> tuple[int, ...]:
    assert answer.status_code == 200, answer.text[:2000]
    return Image.open(io.BytesIO(answer.content)).convert("RGB").getpixel((5, 5))


RED, BLUE = (255, 0, 0), (0, 0, 255)


class TestFirstRequest:
    @pytest.mark.parametrize("origin", [{"adopt_tags": ["old site"]}], indirect=True)
    def test_imports_the_picture(self, origin: OriginClient):
        assert origin.get(URL).headers["x-cache"] == "miss"
        [image_id] = ids(origin)
        record = origin.client.simulate_get(f"/images/{image_id}/metadata/").json
        assert record["tags"] == ["old site"]
        assert record["file_name"] == "boat.png"
        assert record["source"] == "origin://shop/2024/boat.png"
        assert not list(origin.store.list(keys.FOREIGN))

    def test_then_the_library_answers_under_the_same_address(self, origin: OriginClient):
        first = origin.get(URL)
        (origin.root / "2024/boat.png").unlink()
        origin.pass_time(10_000_000)
        again = origin.get(URL)
        assert (again.headers["x-cache"], again.content) == ("hit", first.content)
        assert origin.asked == 1
        for name in ("etag", "link", "cache-control", "content-type", "content-disposition"):
            assert again.headers[name] == first.headers[name]
        assert again.headers["cache-control"] == (
            "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
        )
        assert origin.get(URL, {"If-None-Match": again.headers["etag"]}).status_code == 304

    def test_renditions_are_those_of_the_picture_in_the_library(self, origin: OriginClient):
        answer = origin.get(URL)
        [image_id] = ids(origin)
        own = origin.client.simulate_get(f"/images/{image_id}/resize:w=30.png")
        assert own.content == answer.content
        assert own.headers["etag"] == answer.headers["etag"]

    def test_a_picture_that_is_in_the_library_is_not_imported_again(self, origin: OriginClient):
        data = (origin.root / "2024/boat.png").read_bytes()
        headers = {"Content-Type": "image/png"}
        stored = origin.client.simulate_post("/images/", body=data, headers=headers).json["id"]
        assert origin.get(URL).status_code == 200
        assert ids(origin) == [stored]

    def test_an_adopt_job_and_requests_import_it_once(self, origin: OriginClient):
        job = origin.client.simulate_post("/jobs/", json={"origin": "shop"}).headers["location"]
        assert origin.work_off(job.removeprefix("http://falconframework.org")) == {
            "complete": 1,
            "failed": 0,
        }
        assert origin.get(URL).status_code == 200
        assert len(ids(origin)) == 1

    def test_a_file_that_is_no_picture_is_not_imported(self, origin: OriginClient):
        origin.put("page.png", b"<html>not a picture</html>")
        assert_problem(origin.get("thumbnail.png/-/page.png"), 415)
        assert ids(origin) == []

    @pytest.mark.parametrize("origin", [{"max_bytes": 50}], indirect=True)
    def test_the_limit_of_the_origin_holds(self, origin: OriginClient):
        assert_problem(origin.get(URL), 413)
        assert ids(origin) == []

    def test_missing_is_404_and_down_is_502(self, origin: OriginClient):
        assert_problem(origin.get("thumbnail.png/-/none.png"), 404)
        origin.break_down()
        assert_problem(origin.get(URL), 502)
        origin.repair()
        assert origin.get(URL).status_code == 200

    def test_facts_name_the_picture(self, origin: OriginClient):
        facts = origin.get("info/-/2024/boat.png").json
        assert [facts["image"]] == ids(origin)
        assert (facts["width"], facts["fresh_until"]) == (300, None)

    @pytest.mark.parametrize("origin", [{"originals": True}], indirect=True)
    def test_the_picture_itself(self, origin: OriginClient):
        data = (origin.root / "2024/boat.png").read_bytes()
        assert origin.get("-/2024/boat.png").content == data
        (origin.root / "2024/boat.png").unlink()
        assert origin.get("-/2024/boat.png").content == data

    def test_without_the_setting_nothing_is_imported(self, tmp_path):
        (tmp_path / "plain").mkdir()
        plain = OriginClient(tmp_path / "plain", MemoryStore(), {})
        plain.put("2024/boat.png", picture(300, 200))
        assert plain.get(URL).status_code == 200
        assert ids(plain) == []


class TestTwoNodes:
    def test_that_import_at_once_have_one_picture(self, origin: OriginClient):
        other = origin.other_node()
        origin.before_asking = lambda: other.get(URL)
        assert origin.get(URL).content == other.get(URL).content
        assert (origin.asked, other.asked) == (1, 1)
        assert len(ids(origin)) == 1

    def test_that_fetch_two_versions_at_once_show_the_same_one(self, origin: OriginClient):
        other = origin.other_node()

        def slower() -> None:
            assert colour(other.get(URL)) == RED
            origin.put("2024/boat.png", picture(300, 200, "blue"))

        origin.before_asking = slower
        assert colour(origin.get(URL)) == RED
        assert colour(other.get(URL)) == RED


class TestLater:
    def test_a_change_at_the_origin_shows_after_a_purge(self, origin: OriginClient):
        origin.get(URL)
        origin.put("2024/boat.png", picture(300, 200, "blue"))
        other = origin.other_node()
        assert colour(other.get(URL)) == RED
        assert origin.delete("renders/-/2024/boat.png").status_code == 204
        assert colour(other.get(URL)) == BLUE
        assert len(ids(origin)) == 2

    def test_a_purge_by_prefix_leaves_the_pictures_of_the_library(self, origin: OriginClient):
        origin.get(URL)
        job = origin.delete("renders/-/2024/*").json["_links"]["self"]["href"]
        origin.work_off(job)
        assert len(ids(origin)) == 1
        assert not list(origin.store.list(keys.ADOPTED))
        assert origin.get(URL).status_code == 200
        assert origin.asked == 2

    def test_a_removed_picture_does_not_come_back_by_itself(self, origin: OriginClient):
        origin.get(URL)
        [image_id] = ids(origin)
        origin.client.simulate_delete(f"/images/{image_id}")
        for node in (origin, origin.other_node()):
            assert_problem(node.get(URL), 404)
        assert ids(origin) == []
        origin.delete("renders/-/2024/boat.png")
        assert origin.get(URL).status_code == 200
        assert ids(origin) == [image_id]

    @pytest.mark.parametrize("origin", [{"others": {"trash": {"days": 30}}}], indirect=True)
    def test_a_picture_in_the_trash_is_not_shown_and_stays_there(self, origin: OriginClient):
        origin.put("copy.png", (origin.root / "2024/boat.png").read_bytes())
        origin.get(URL)
        [image_id] = ids(origin)
        origin.client.simulate_delete(f"/images/{image_id}")
        assert_problem(origin.get(URL), 404)
        assert_problem(origin.get("resize:w=30.png/-/copy.png"), 404)
        assert ids(origin) == []
        origin.client.simulate_post(f"/trash/{image_id}/")
        assert origin.get(URL).status_code == 200

    def test_turning_it_off_fetches_copies_again(self, origin: OriginClient):
        origin.get(URL)
        plain = OriginClient(origin.root, origin.store, {})
        assert plain.get(URL).headers["x-cache"] == "miss"
        assert list(origin.store.list(keys.FOREIGN))


class TestOwner:
    @pytest.fixture
    def origin(self, request, tmp_path) -> OriginClient:
        (tmp_path / "shop").mkdir()
        options: dict[str, Any] = {**ADOPT, "adopt_owner": "ann", "others": {"auth": AUTH}}
        options |= getattr(request, "param", {})
        origin = OriginClient(tmp_path / "shop", MemoryStore(), options)
        origin.put("2024/boat.png", picture(300, 200, "red"))
        return origin

    @pytest.fixture
    def ann(self, origin: OriginClient) -> dict[str, str]:
        return headers_of(origin.store, "ann")

    def test_the_account_of_the_setting_owns_the_picture(self, origin: OriginClient, ann):
        assert origin.get(URL).status_code == 200
        [image_id] = ids(origin, ann)
        path = f"/images/{image_id}/metadata/"
        assert origin.client.simulate_get(path, headers=ann).json["owner"] == "ann"
        assert origin.client.simulate_get(path, headers=ann).json["source"]
        assert "source" not in origin.client.simulate_get(path).json

    def test_a_hidden_picture_is_404_for_its_origin_too(self, origin: OriginClient, ann):
        first = origin.get(URL)
        [image_id] = ids(origin, ann)
        hidden = {"visibility": "private"}
        patching = {**ann, "Content-Type": "application/merge-patch+json", "If-Match": "*"}
        path = f"/images/{image_id}/metadata/"
        assert origin.client.simulate_patch(path, json=hidden, headers=patching).status_code == 200
        assert_problem(origin.get(URL), 404)
        assert_problem(origin.get(URL, {"If-None-Match": first.headers["etag"]}), 404)
        assert_problem(origin.get("info/-/2024/boat.png"), 404)

    def test_a_private_picture_of_the_same_bytes_is_not_shown(self, origin: OriginClient, ann):
        data = (origin.root / "2024/boat.png").read_bytes()
        headers = {"Content-Type": "image/png", **ann}
        params = {"visibility": "private"}
        sent = origin.client.simulate_post("/images/", body=data, headers=headers, params=params)
        assert sent.json["visibility"] == "private"
        assert_problem(origin.get(URL), 404)

    @pytest.mark.parametrize("origin", [{"visibility": "private"}], indirect=True)
    def test_a_private_origin_shows_it_to_accounts_alone(self, origin: OriginClient, ann):
        assert_problem(origin.get(URL), 404)
        assert ids(origin, ann) == []
        answer = origin.get(URL, headers_of(origin.store, "bob"))
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("private")
        [image_id] = ids(origin, ann)
        assert_problem(origin.client.simulate_get(f"/images/{image_id}"), 404)

    @pytest.mark.parametrize("origin", [{"visibility": "private"}], indirect=True)
    def test_a_watermark_cannot_show_another_private_picture_of_the_owner(
        self, origin: OriginClient, ann
    ):
        headers = {"Content-Type": "image/png", **ann}
        params = {"visibility": "private"}
        secret = origin.client.simulate_post(
            "/images/", body=picture(40, 40, "lime"), headers=headers, params=params
        ).json["id"]
        bob = headers_of(origin.store, "bob")
        url = f"watermark:image={secret}/resize:w=30.png/-/2024/boat.png"
        assert origin.get(url, bob).status_code == 400

    @pytest.mark.parametrize(
        "origin",
        [{"others": {"auth": AUTH, "quota": {"enabled": True, "max_pictures": 1}}}],
        indirect=True,
    )
    def test_a_full_account_imports_nothing(self, origin: OriginClient, ann):
        assert origin.get(URL).status_code == 200
        origin.put("b.png", picture(90, 90))
        answer = origin.get("thumbnail.png/-/b.png")
        assert_problem(answer, 502)
        assert "ann" not in answer.text
        assert len(ids(origin, ann)) == 1


def test_pictures_of_a_private_origin_need_an_owner() -> None:
    settings = {"origins": {"shop": {"from": "file:///srv", "visibility": "private", **ADOPT}}}
    with pytest.raises(ValueError, match="adopt_owner"):
        Settings.model_validate(settings)


def test_queries_would_import_without_end() -> None:
    settings = {"origins": {"shop": {"from": "https://example.com/", "queries": True, **ADOPT}}}
    with pytest.raises(ValueError, match="adopt: with queries"):
        Settings.model_validate(settings)


def test_an_origin_that_became_private_is_no_longer_cached_by_others(tmp_path) -> None:
    (tmp_path / "shop").mkdir()
    origin = OriginClient(tmp_path / "shop", MemoryStore(), {"others": {"auth": AUTH}})
    origin.put("a.png", picture(300, 200))
    assert origin.get("thumbnail.png/-/a.png").headers["cache-control"].startswith("public")
    options = {"visibility": "private", "others": {"auth": AUTH}}
    private = OriginClient(origin.root, origin.store, options)
    bob = headers_of(origin.store, "bob")
    facts = "/iiif/3/origin:shop:a.png/info.json"
    for answer in (
        private.get("thumbnail.png/-/a.png", bob),
        private.client.simulate_get(facts, headers=bob),
    ):
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("private")
