"""Pictures of origins over HTTP: served where they are, renewed behind, never mixed up."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageColor

from progimage import keys
from progimage.origins.sources.source import OriginDenied
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem
from tests.api.resources.test_metrics import sample
from tests.origin_client import OriginClient, picture


def test_a_folder_is_served_without_an_upload(origin: OriginClient):
    origin.put("2024/boat.png", picture(300, 200))
    result = origin.get("resize:w=30.webp/-/2024/boat.png")
    assert result.status_code == 200
    assert Image.open(io.BytesIO(result.content)).size == (30, 20)
    assert result.headers["content-type"] == "image/webp"


def test_a_second_request_asks_the_origin_nothing(origin: OriginClient):
    origin.put("a.png", picture())
    assert origin.get("thumbnail.png/-/a.png").headers["x-cache"] == "miss"
    requested = origin.asked
    assert origin.get("thumbnail.png/-/a.png").headers["x-cache"] == "hit"
    assert origin.asked == requested


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a b.png", "a%20b.png"),
        ("a+b.png", "a+b.png"),
        ("a%40.png", "a%2540.png"),
        ("a%2Fb.png", "a%252Fb.png"),
        ("dir/b.png", "dir%2Fb.png"),
        ("é.png", "%C3%A9.png"),
        ("a,b:c.webp.png", "a,b:c.webp.png"),
        ("-/a.png", "-/a.png"),
        ("x/-/a.png", "x/-/a.png"),
        ("[1].png", "%5B1%5D.png"),
        ("q?x=1.png", "q%3Fx=1.png"),
        ("..a;b/.c..png", "..a;b/.c..png"),
        ("a;..b.png", "a;..b.png"),
    ],
)
def test_a_key_is_decoded_exactly_once(origin: OriginClient, name, raw):
    origin.put(name, picture())
    assert origin.get(f"thumbnail.png/-/{raw}").status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        *("..%2Fsecret.png", "a/../b.png", "%00.png", "a%0A.png", "./a", ""),
        *("..%5Csecret.png", "a%5C..%5Cb.png", "..;/b.png", "a/..;x=1/b.png", "a/.;/b.png"),
    ],
)
def test_a_key_that_could_lead_elsewhere_is_400(origin: OriginClient, raw):
    assert_problem(origin.get(f"thumbnail.png/-/{raw}"), 400)


def test_double_slashes_mean_nothing_in_a_folder(origin: OriginClient):
    origin.put("a/b.png", picture())
    assert_problem(origin.get("thumbnail.png/-/a//b.png"), 404)


def test_links_lead_nowhere(origin: OriginClient, tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(picture())
    (origin.root / "link.png").symlink_to(tmp_path / "outside" / "secret.png")
    (origin.root / "folder").symlink_to(tmp_path / "outside")
    origin.put("real.png", picture())
    (origin.root / "round").symlink_to(origin.root)
    for key in ("link.png", "folder/secret.png", "round/real.png"):
        assert_problem(origin.get(f"thumbnail.png/-/{key}"), 404)


def test_a_path_that_is_no_file_is_404(origin: OriginClient):
    os.mkfifo(origin.root / "pipe.png")
    (origin.root / "folder.png").mkdir()
    for key in ("pipe.png", "folder.png", "none.png", "none/a.png", "a" * 300):
        assert_problem(origin.get(f"thumbnail.png/-/{key}"), 404)


def test_a_file_that_is_no_picture_has_its_own_error(origin: OriginClient):
    origin.put("page.png", b"<html>not a picture</html>")
    assert_problem(origin.get("thumbnail.png/-/page.png"), 415)


def test_an_error_does_not_name_the_folder(origin: OriginClient):
    """nuxt/image#710."""
    origin.put("page.png", b"<html>not a picture</html>")
    for key in ("none.png", "page.png"):
        assert str(origin.root) not in origin.get(f"thumbnail.png/-/{key}").text


def test_an_unknown_origin_is_404(origin: OriginClient):
    assert_problem(origin.client.simulate_get("/origins/other/thumbnail.png/-/a.png"), 404)


def test_a_mistake_in_the_pipeline_is_named(origin: OriginClient):
    origin.put("a.png", picture())
    result = origin.get("resize:wdith=9/-/a.png")
    assert_problem(result, 400)
    assert "wdith" in result.json["detail"]
    result = origin.get("thumbnail.png/a.png")
    assert_problem(result, 400)
    assert "/-/" in result.json["detail"]


def test_headers_tell_how_long_it_is_fresh(origin: OriginClient):
    origin.put("a.png", picture())
    headers = origin.get("thumbnail.png/-/a.png").headers
    assert headers["cache-control"] == (
        "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
    )
    assert headers["last-modified"]
    assert headers["link"].startswith("</origins/shop/thumbnail.png/-/a.png>")
    etag = headers["etag"]
    again = origin.get("thumbnail.png/-/a.png", {"If-None-Match": etag})
    assert again.status_code == 304


def test_the_date_of_the_source_asks_whether_it_changed(origin: OriginClient):
    origin.put("a.png", picture(colour="red"))
    os.utime(origin.root / "a.png", (1_700_000_000, 1_700_000_000))
    modified = origin.get("thumbnail.png/-/a.png").headers["last-modified"]
    asked = {"If-Modified-Since": modified}
    assert origin.get("thumbnail.png/-/a.png", asked).status_code == 304
    other = {**asked, "If-None-Match": '"another"'}
    assert origin.get("thumbnail.png/-/a.png", other).status_code == 200
    origin.put("a.png", picture(colour="blue"))
    os.utime(origin.root / "a.png", (1_600_000_000, 1_600_000_000))
    origin.pass_time(301)
    origin.get("thumbnail.png/-/a.png")
    origin.settle()
    assert origin.get("thumbnail.png/-/a.png", asked).status_code == 200


def test_a_versioned_address_never_changes(origin: OriginClient):
    origin.put("a.png", picture())
    result = origin.get("thumbnail.png/-/a.png?v=3")
    assert result.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert_problem(origin.get("thumbnail.png/-/a.png?w=3"), 400)


def test_head_is_answered_and_fills_no_cache(origin: OriginClient):
    origin.put("a.png", picture())
    head = origin.head("thumbnail.png/-/a.png")
    assert (head.status_code, head.content) == (200, b"")
    assert not list(origin.store.list(f"{keys.FOREIGN}{keys.RENDERS}"))
    assert origin.get("thumbnail.png/-/a.png").headers["etag"] == head.headers["etag"]


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "TRACE"])
def test_other_methods_are_405(origin: OriginClient, method: str):
    origin.put("a.png", picture())
    answer = origin.client.simulate_request(method, "/origins/shop/thumbnail.png/-/a.png")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert (origin.root / "a.png").read_bytes() == picture()


def test_options_names_the_methods(origin: OriginClient):
    answer = origin.client.simulate_options("/origins/shop/thumbnail.png/-/a.png")
    assert (answer.status_code, answer.headers["allow"]) == (200, "DELETE, GET, HEAD")


def test_if_match_asks_for_one_version(origin: OriginClient):
    origin.put("a.png", picture())
    etag = origin.get("thumbnail.png/-/a.png").headers["etag"]
    assert origin.get("thumbnail.png/-/a.png", {"If-Match": etag}).status_code == 200
    assert_problem(origin.get("thumbnail.png/-/a.png", {"If-Match": '"another"'}), 412)


def test_a_range_of_a_cached_rendition(origin: OriginClient):
    origin.put("a.png", picture(300, 200))
    whole = origin.get("thumbnail.png/-/a.png").content
    part = origin.get("thumbnail.png/-/a.png", {"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole[5:10])


class TestFreshness:
    def test_stale_is_served_at_once_and_renewed_behind(self, origin: OriginClient):
        origin.put("a.png", picture(colour="red"))
        first = origin.get("thumbnail.png/-/a.png")
        origin.put("a.png", picture(colour="blue"))
        assert origin.get("thumbnail.png/-/a.png").content == first.content
        origin.pass_time(301)
        stale = origin.get("thumbnail.png/-/a.png")
        assert (stale.headers["x-cache"], stale.content) == ("stale", first.content)
        assert "max-age=0" in stale.headers["cache-control"]
        origin.settle()
        renewed = origin.get("thumbnail.png/-/a.png")
        assert renewed.content != first.content
        assert renewed.headers["etag"] != first.headers["etag"]

    def test_many_stale_requests_ask_once(self, origin: OriginClient):
        origin.put("a.png", picture())
        origin.get("thumbnail.png/-/a.png")
        origin.pass_time(301)
        origin.executor.hold()
        requested = origin.asked
        for _ in range(50):
            assert origin.get("thumbnail.png/-/a.png").headers["x-cache"] == "stale"
        origin.executor.release()
        origin.settle()
        assert origin.asked == requested + 1

    def test_two_nodes_renew_once(self, origin: OriginClient):
        origin.put("a.png", picture())
        origin.get("thumbnail.png/-/a.png")
        origin.pass_time(301)
        other = origin.other_node()
        origin.executor.hold()
        requested = origin.asked + other.asked
        origin.get("thumbnail.png/-/a.png")
        other.get("thumbnail.png/-/a.png")
        origin.executor.release()
        origin.settle()
        other.settle()
        assert origin.asked + other.asked == requested + 1

    def test_a_picture_that_is_replaced_under_load_is_never_mixed(self, origin: OriginClient):
        """Every answer is all of one version, under the ETag of that version."""
        colours = ["red", "lime", "blue", "white", "black", "yellow"]

        def replace(number: int) -> None:
            new = origin.root / "new"
            new.write_bytes(picture(60 + number, colour=colours[number]))
            new.replace(origin.root / "a.png")

        seen: dict[str, bytes] = {}
        failures: list[str] = []
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                answer = origin.get("format:png/-/a.png")
                if answer.status_code != 200:
                    failures.append(answer.text)
                elif seen.setdefault(answer.headers["etag"], answer.content) != answer.content:
                    failures.append("two pictures under one ETag")

        replace(0)
        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        for number in range(1, len(colours)):
            replace(number)
            origin.pass_time(301)
            origin.get("format:png/-/a.png")
            origin.settle()
        is_over.set()
        for client in clients:
            client.join(60)
        assert failures == []
        for content in seen.values():
            image = Image.open(io.BytesIO(content)).convert("RGB")
            [(_, colour)] = image.getcolors()
            assert colour == ImageColor.getrgb(colours[image.width - 60])
        origin.pass_time(301)
        origin.get("format:png/-/a.png")
        origin.settle()
        last = Image.open(io.BytesIO(origin.get("format:png/-/a.png").content))
        assert last.width == 60 + len(colours) - 1

    def test_gone_is_gone_once_it_is_not_fresh(self, origin: OriginClient):
        origin.put("a.png", picture())
        origin.get("thumbnail.png/-/a.png")
        (origin.root / "a.png").unlink()
        origin.pass_time(301)
        origin.get("thumbnail.png/-/a.png")
        origin.settle()
        assert_problem(origin.get("thumbnail.png/-/a.png"), 404)
        assert not list(origin.store.list("foreign/"))

    def test_down_serves_the_stale_copy_and_then_an_error(self, origin: OriginClient):
        origin.put("a.png", picture())
        origin.get("thumbnail.png/-/a.png")
        origin.break_down()
        origin.pass_time(3_600)
        assert origin.get("thumbnail.png/-/a.png").status_code == 200
        origin.settle()
        assert origin.get("thumbnail.png/-/a.png").status_code == 200
        origin.pass_time(86_400)
        result = origin.get("thumbnail.png/-/a.png")
        assert_problem(result, 502)
        assert result.json["retryable"]
        assert_problem(origin.get("thumbnail.png/-/new.png"), 502)

    def test_an_error_is_not_remembered(self, origin: OriginClient):
        origin.put("a.png", picture())
        origin.break_down()
        assert_problem(origin.get("thumbnail.png/-/a.png"), 502)
        origin.repair()
        assert origin.get("thumbnail.png/-/a.png").status_code == 200

    def test_missing_is_remembered_for_a_while(self, origin: OriginClient):
        assert_problem(origin.get("thumbnail.png/-/a.png"), 404)
        requested = origin.asked
        assert_problem(origin.get("thumbnail.png/-/a.png"), 404)
        assert origin.asked == requested

    def test_an_evicted_copy_is_fetched_again(self, origin: OriginClient):
        origin.put("a.png", picture())
        first = origin.get("thumbnail.png/-/a.png")
        for stat in list(origin.store.list("foreign/")):
            origin.store.delete(stat.key)
        assert origin.get("thumbnail.png/-/a.png").content == first.content

    def test_a_bucket_that_denies_access_serves_the_stale_copy_and_then_nothing(
        self, origin: OriginClient
    ):
        origin.put("a.png", picture())
        origin.get("thumbnail.png/-/a.png")
        origin.break_down(OriginDenied("the origin's bucket denies access"))
        origin.pass_time(3_600)
        assert origin.get("thumbnail.png/-/a.png").status_code == 200
        origin.settle()
        origin.pass_time(86_400)
        assert_problem(origin.get("thumbnail.png/-/a.png"), 404)

    def test_a_node_that_died_while_it_renewed_is_waited_for_a_minute(self, origin: OriginClient):
        origin.put("a.png", picture(colour="red"))
        origin.get("thumbnail.png/-/a.png")
        origin.put("a.png", picture(colour="blue"))
        origin.pass_time(301)
        origin.get("thumbnail.png/-/a.png")  # takes the renewal on, and never does it
        other = origin.other_node()
        other.get("thumbnail.png/-/a.png")
        other.settle()
        assert other.asked == 0
        other.pass_time(61)
        other.get("thumbnail.png/-/a.png")
        other.settle()
        assert other.asked == 1
        assert other.get("thumbnail.png/-/a.png").headers["x-cache"] == "miss"

    @pytest.mark.parametrize("data", [None, b"other bytes"])
    def test_a_damaged_copy_is_fetched_again(self, origin: OriginClient, data):
        origin.put("a.png", picture(300, 200))
        origin.get("thumbnail.png/-/a.png")
        [original] = [s.key for s in origin.store.list("foreign/images/") if "original" in s.key]
        origin.store.delete(original)
        if data is not None:
            origin.store.put(original, io.BytesIO(data), media_type="image/png")
        result = origin.get("resize:w=30.png/-/a.png")
        assert Image.open(io.BytesIO(result.content)).size == (30, 20)


class TestPurge:
    def test_a_picture_is_forgotten_on_all_nodes(self, origin: OriginClient):
        origin.put("a.png", picture(colour="red"))
        first = origin.get("thumbnail.png/-/a.png")
        other = origin.other_node()
        other.get("thumbnail.png/-/a.png")
        origin.put("a.png", picture(colour="blue"))
        assert origin.delete("renders/-/a.png").status_code == 204
        assert other.get("thumbnail.png/-/a.png").content != first.content

    def test_by_prefix_as_a_job(self, origin: OriginClient):
        names = ("x/a.png", "x/b.png", "x y/c.png", "y.png")
        for width, name in enumerate(names, 60):
            origin.put(name, picture(width, colour="red"))
            origin.get(f"thumbnail.png/-/{quote(name)}")
        other = origin.other_node()
        for name in names:
            origin.put(name, picture(colour="blue"))
        answer = origin.delete("renders/-/x/*")
        assert (answer.status_code, answer.json["kind"]) == (202, "purge")
        job = answer.json["_links"]["self"]["href"]
        assert answer.headers["location"].endswith(job)
        assert origin.work_off(job) == {"complete": 256, "failed": 0}
        states = [other.get(f"thumbnail.png/-/{quote(n)}").headers["x-cache"] for n in names]
        assert states == ["miss", "hit", "hit", "hit"]  # both new ones have the same bytes
        assert other.asked == 2

    def test_the_items_of_the_job_say_how_many_pictures_went(self, origin: OriginClient):
        for number in range(3):
            origin.put(f"{number}.png", picture(width=60 + number))
            origin.get(f"thumbnail.png/-/{number}.png")
        job = origin.delete("renders/-/*").json["_links"]["self"]["href"]
        origin.work_off(job)
        items = origin.client.simulate_get(job, params={"limit": 1000}).json["uploaded"]["complete"]
        assert sum(item["purged"] for item in items) == 3
        assert {(item["origin"], item["prefix"]) for item in items} == {("shop", "")}
        assert not list(origin.store.list("origins/"))
        assert not list(origin.store.list("foreign/images/"))

    def test_only_of_renders(self, origin: OriginClient):
        assert_problem(origin.delete("thumbnail.png/-/a.png"), 400)


class TestSettings:
    @pytest.mark.parametrize(
        "origin", [{"allow": ["2024/*"], "deny": ["*/secret*"]}], indirect=True
    )
    def test_globs(self, origin: OriginClient):
        for name in ("2024/a.png", "2024/secret.png", "2023/a.png"):
            origin.put(name, picture())
        assert origin.get("thumbnail.png/-/2024/a.png").status_code == 200
        assert_problem(origin.get("thumbnail.png/-/2024/secret.png"), 404)
        assert_problem(origin.get("thumbnail.png/-/2023/a.png"), 404)

    @pytest.mark.parametrize("origin", [{"allow": ["*.png"], "queries": True}], indirect=True)
    def test_globs_do_not_see_a_query(self, origin: OriginClient):
        origin.put("a.png?v=2", picture())
        origin.put("a.txt?v=.png", picture())
        assert origin.get("thumbnail.png/-/a.png%3Fv=2").status_code == 200
        assert_problem(origin.get("thumbnail.png/-/a.txt%3Fv=.png"), 404)

    @pytest.mark.parametrize("origin", [{"max_bytes": 100}], indirect=True)
    def test_a_picture_of_too_many_bytes(self, origin: OriginClient):
        origin.put("a.png", picture(300, 300) + bytes(200))
        assert_problem(origin.get("thumbnail.png/-/a.png"), 413)

    def test_originals_are_not_served(self, origin: OriginClient):
        origin.put("a.png", picture())
        assert_problem(origin.get("-/a.png"), 403)

    @pytest.mark.parametrize("origin", [{"originals": True}], indirect=True)
    def test_originals_where_they_are_allowed(self, origin: OriginClient):
        origin.put("a.png", picture())
        assert origin.get("-/a.png").content == (origin.root / "a.png").read_bytes()

    @pytest.mark.parametrize("origin", [{"visibility": "private"}], indirect=True)
    def test_a_private_origin_looks_empty_to_strangers(self, origin: OriginClient):
        origin.put("a.png", picture())
        assert_problem(origin.get("thumbnail.png/-/a.png"), 404)
        assert_problem(origin.get("info/-/a.png"), 404)


def test_the_info_of_a_picture(origin: OriginClient):
    origin.put("a.png", picture(300, 200))
    facts = origin.get("info/-/a.png").json
    assert (facts["width"], facts["height"], facts["media_type"]) == (300, 200, "image/png")
    assert facts["key"] == "a.png"
    assert facts["placeholder"]


def test_copies_are_not_pictures_of_the_library(origin: OriginClient):
    origin.put("a.png", picture())
    origin.get("thumbnail.png/-/a.png")
    assert origin.client.simulate_get("/images/").json["data"] == []
    [record] = [s.key for s in origin.store.list("foreign/images/") if "record" in s.key]
    image_id = record.split("/")[3]
    assert_problem(origin.client.simulate_get(f"/images/{image_id}/"), 404)
    assert_problem(origin.client.simulate_get(f"/images/{image_id}/thumbnail.png"), 404)


@pytest.mark.parametrize("origin", [{"budget": 1 << 20}], indirect=True)
def test_the_copies_stay_within_their_budget(origin: OriginClient):
    for number in range(12):
        noise = Image.frombytes("RGB", (300, 300), os.urandom(270_000))
        data = io.BytesIO()
        noise.save(data, "PNG")
        origin.put(f"{number}.png", data.getvalue())
        assert origin.get(f"thumbnail.png/-/{number}.png").status_code == 200
        origin.settle()
    assert sum(stat.size for stat in origin.store.list("foreign/")) < 1.2 * (1 << 20)


def test_hits_and_requests_to_the_origin_are_counted(origin: OriginClient):
    def samples() -> dict[str, float]:
        names = ("pictures_total", "fetch_seconds_count")
        states = ("hit", "stale", "miss", "missing", "new", "unchanged", "failed")
        return {
            f"{label}={value}": sample(
                origin.client, f"progimage_origin_{name}", origin="shop", **{label: value}
            )
            for name, label in zip(names, ("state", "outcome"), strict=True)
            for value in states
        }

    before = samples()
    origin.put("a.png", picture())
    for _ in range(3):
        origin.get("thumbnail.png/-/a.png")
    origin.pass_time(301)
    origin.get("thumbnail.png/-/a.png")
    origin.settle()
    origin.get("thumbnail.png/-/none.png")
    origin.break_down()
    origin.get("thumbnail.png/-/other.png")
    rises = {name: value - before[name] for name, value in samples().items()}
    assert {name: rise for name, rise in rises.items() if rise} == {
        "state=miss": 1,
        "state=hit": 2,
        "state=stale": 1,
        "state=missing": 1,
        "state=failed": 1,
        "outcome=new": 1,
        "outcome=unchanged": 1,
        "outcome=missing": 1,
        "outcome=failed": 1,
    }


class TestDiskCache:
    """Where the store is remote, renditions of origins are cached on the node's disk too."""

    @pytest.fixture
    def origin(self, tmp_path) -> OriginClient:
        (tmp_path / "shop").mkdir()
        disk_cache = {"dir": str(tmp_path / "cache")}
        return OriginClient(
            tmp_path / "shop", MemoryStore(), {"others": {"disk_cache": disk_cache}}
        )

    def test_a_second_request_is_answered_from_the_disk(self, origin: OriginClient):
        origin.put("a.png", picture(300, 200))
        made = origin.get("thumbnail.png/-/a.png")
        lookups = "progimage_disk_cache_lookups_total"
        before = sample(origin.client, lookups, outcome="confirmed")
        again = origin.get("thumbnail.png/-/a.png")
        part = origin.get("thumbnail.png/-/a.png", {"Range": "bytes=3-7"})
        assert sample(origin.client, lookups, outcome="confirmed") == before + 2
        assert (again.headers["x-cache"], again.content) == ("hit", made.content)
        assert part.content == made.content[3:8]

    def test_a_purge_removes_the_copy_on_the_disk(self, origin: OriginClient, tmp_path):
        def copies() -> list[Path]:
            return [path for path in (tmp_path / "cache").glob("??/*") if path.is_file()]

        origin.put("a.png", picture())
        origin.get("thumbnail.png/-/a.png")
        assert len(copies()) == 1
        origin.delete("renders/-/a.png")
        assert not copies()


def test_hits_do_not_wait_for_the_origin(origin: OriginClient):
    origin.put("a.png", picture())
    origin.get("thumbnail.png/-/a.png")
    origin.break_down()
    assert origin.get("thumbnail.png/-/a.png").headers["x-cache"] == "hit"
