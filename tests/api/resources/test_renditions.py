"""Renditions: made once, cached under one key however they are asked for."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from progimage import keys
from progimage.errors import StoreUnavailable
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem, opened, upload
from tests.imaging.drawing import animated, corners, is_near, quadrants, saved, solids, with_hole


def test_a_rendition_is_made_then_served_from_the_cache(client, uploaded):
    first = client.simulate_get(uploaded + "resize:w=24.png")
    again = client.simulate_get(uploaded + "resize:w=24.png")
    assert opened(first).size == (24, 16)
    assert (first.headers["x-cache"], again.headers["x-cache"]) == ("miss", "hit")
    assert again.content == first.content
    assert "decode;dur=" in first.headers["server-timing"]


def test_it_shows_the_right_pixels(client, uploaded):
    image = opened(client.simulate_get(uploaded + "rotate:90.png"))
    before = corners(quadrants())
    after = corners(image)
    assert image.size == (32, 48)
    assert is_near(after["top right"], before["top left"], 30)


@pytest.mark.parametrize(
    "spelling",
    [
        "resize:w=24,h=16,fit=cover.webp",
        "resize:height=16,width=24,fit=cover.webp",
        "resize:24,16,cover.webp",
        "resize:24x16,fit=cover.webp",
        "resize.webp?w=24&h=16&fit=cover",
        "resize/?fit=cover&width=24&height=16&format=webp",
        "resize:w=24,h=16,fit=cover/format:webp",
        "rotate:0/resize:w=24,h=16,fit=cover/blur:0.webp",
    ],
)
def test_equal_requests_share_one_rendition_and_name_it(client, store, uploaded, spelling):
    path, _, query = spelling.partition("?")
    if "format=webp" in query:
        path, query = "resize.webp", query.replace("&format=webp", "")
    canonical = client.simulate_get(uploaded + "resize:fit=cover,height=16,width=24.webp")
    result = client.simulate_get(uploaded + path, query_string=query)
    assert result.headers["x-cache"] == "hit"
    assert result.headers["etag"] == canonical.headers["etag"]
    assert result.headers["link"] == canonical.headers["link"]
    assert len(list(store.list(keys.RENDERS))) == 1


def test_the_canonical_url_is_the_key_and_serves_the_same(client, store, uploaded):
    result = client.simulate_get(uploaded + "crop:x=1,y=2,w=20,h=10/rotate:90/grayscale.webp")
    url = result.headers["link"].removeprefix("<").removesuffix('>; rel="canonical"')
    assert client.simulate_get(url).content == result.content
    [stat] = store.list(keys.RENDERS)
    assert stat.key.endswith(url.removeprefix(uploaded))


@pytest.mark.parametrize("extension", ["png", "webp", "gif", "tiff", "bmp", "jp2", "ico", "avif"])
def test_the_picture_in_another_format(client, uploaded, extension):
    result = client.simulate_get(f"{uploaded.rstrip('/')}.{extension}")
    assert opened(result).size == (48, 32)
    assert result.headers["link"] == f'<{uploaded.rstrip("/")}.{extension}>; rel="canonical"'


def test_without_an_extension_the_sources_own_format(client, uploaded, png):
    assert opened(client.simulate_get(uploaded + "thumbnail/")).format == "JPEG"
    assert opened(client.simulate_get(upload(client, png) + "thumbnail/")).format == "PNG"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("image/avif,image/webp,image/png,*/*;q=0.8", "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("image/avif;q=0.5,image/webp;q=0.9", "image/webp"),
        ("image/avif;q=0,image/webp;q=0,*/*", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        (None, "image/jpeg"),
        ("image/webp;q=bad, image/jpeg;q=0.1", "image/jpeg"),
        ("image/webp,image/jxl,*/*", "image/jxl"),
        ("image/webp,image/avif,image/jxl,*/*", "image/avif"),
    ],
)
def test_auto_picks_by_accept_and_varies(client, uploaded, accept, expected):
    headers = {"Accept": accept} if accept else {}
    result = client.simulate_get(uploaded + "thumbnail.auto", headers=headers)
    assert result.headers["content-type"] == expected
    assert result.headers["vary"] == "Accept"


def test_auto_falls_back_to_png_for_transparency_and_gif_for_animation(client):
    clear = upload(client, saved(with_hole(), "PNG"))
    moving = upload(client, animated(solids((255, 0, 0), (0, 0, 255)), "GIF"))
    assert client.simulate_get(clear + "thumbnail.auto").headers["content-type"] == "image/png"
    assert client.simulate_get(moving + "thumbnail.auto").headers["content-type"] == "image/gif"


def test_auto_without_an_acceptable_format_is_406(client, uploaded):
    result = client.simulate_get(uploaded + "thumbnail.auto", headers={"Accept": "image/x-unknown"})
    assert_problem(result, 406, "image/jpeg")


def test_an_animation_stays_one(client):
    path = upload(client, animated(solids((255, 0, 0), (0, 0, 255)), "GIF"))
    image = opened(client.simulate_get(path + "resize:w=8.webp"))
    assert image.n_frames == 2


def test_a_preset_is_a_name_for_its_pipeline(make_client, jpeg):
    client = make_client(presets={"avatar": "resize:w=8,h=8,fit=cover/quality:70.webp"})
    path = upload(client, jpeg)
    result = client.simulate_get(path + "avatar")
    assert opened(result).size == (8, 8)
    spelt = client.simulate_get(path + "resize:w=8,h=8,fit=cover/quality:70.webp")
    assert spelt.headers["x-cache"] == "hit"


def test_304_comes_before_any_rendering(client, store, uploaded):
    etag = client.simulate_get(uploaded + "thumbnail.webp").headers["etag"]
    client.simulate_delete(uploaded + "renders/")
    result = client.simulate_get(uploaded + "thumbnail.webp", headers={"If-None-Match": etag})
    assert result.status_code == 304
    assert list(store.list(keys.RENDERS)) == []


def test_304_is_not_for_pictures_that_are_gone(client, uploaded):
    etag = client.simulate_get(uploaded + "thumbnail.webp").headers["etag"]
    client.simulate_delete(uploaded)
    headers = {"If-None-Match": etag}
    assert_problem(client.simulate_get(uploaded + "thumbnail.webp", headers=headers), 404)


@pytest.mark.parametrize("cached", [False, True])
def test_ranges_work_on_renditions_made_or_cached(client, uploaded, cached):
    whole = client.simulate_get(uploaded + "thumbnail.png").content
    if not cached:
        client.simulate_delete(uploaded + "renders/")
    headers = {"Range": "bytes=3-12"}
    result = client.simulate_get(uploaded + "thumbnail.png", headers=headers)
    assert result.headers["x-cache"] == ("hit" if cached else "miss")
    assert (result.status_code, result.content) == (206, whole[3:13])


def test_head_of_a_rendition_has_its_length(client, uploaded):
    head = client.simulate_head(uploaded + "thumbnail.png")
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(
        client.simulate_get(uploaded + "thumbnail.png").content
    )


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        ("thumbnial", ("thumbnial", "did you mean 'thumbnail'")),
        ("resize:w=0", ("resize.width", "from 1 to 8192", "'0'")),
        ("resize:w=9999", ("resize.width", "8192")),
        ("resize:w=10,width=20", ("resize.width", "twice")),
        ("resize:wdith=10", ("wdith", "did you mean 'width'")),
        ("thumbnail.jpgg", ("jpgg", "did you mean 'jpg'")),
        ("/".join(["blur:1"] * 11), ("10",)),
    ],
)
def test_a_wrong_pipeline_is_400_and_says_what_would_work(client, store, uploaded, pipeline, words):
    assert_problem(client.simulate_get(uploaded + pipeline), 400, *words)
    assert list(store.list(keys.RENDERS)) == []


def test_query_arguments_go_with_a_single_step_only(client, uploaded):
    result = client.simulate_get(uploaded + "blur:2/rotate", query_string="degrees=90")
    assert_problem(result, 400)


def test_no_request_passes_the_output_limits(make_client, jpeg):
    client = make_client(limits={"max_output_pixels": 10_000})
    path = upload(client, jpeg)
    result = client.simulate_get(path + "resize:w=200,h=200,fit=fill,enlarge=true.png")
    assert result.status_code == 400
    assert_problem(result, 400)


def test_a_watermark_of_another_picture_shows_and_of_none_is_400(client, uploaded):
    stamp = upload(client, saved(Image.new("RGB", (48, 32), (1, 2, 3)), "PNG"))
    stamp_id = stamp.split("/")[2]
    marked = opened(client.simulate_get(f"{uploaded}watermark:image={stamp_id},opacity=1.png"))
    plain = opened(client.simulate_get(f"{uploaded}format:png"))
    assert marked.tobytes() != plain.tobytes()
    missing = client.simulate_get(f"{uploaded}watermark:image={'0' * 64}.png")
    assert_problem(missing, 400, "another picture")


class ReadOnlyCache(MemoryStore):
    """A store that takes pictures but no renditions."""

    def put(self, key, source, *, media_type, expect=None):
        if key.startswith(keys.RENDERS):
            raise StoreUnavailable("the store's disk is full")
        return super().put(key, source, media_type=media_type, expect=expect)


class TestWithFullCache:
    @pytest.fixture
    def store(self) -> MemoryStore:
        return ReadOnlyCache()

    def test_a_cache_that_takes_nothing_costs_only_the_hit(self, client, uploaded):
        for _ in range(2):
            result = client.simulate_get(uploaded + "resize:w=24.png")
            assert opened(result).size == (24, 16)
            assert result.headers["x-cache"] == "miss"


def test_a_damaged_original_is_not_rendered(client, store, uploaded):
    [original] = [stat.key for stat in store.list("") if "original-" in stat.key]
    with store.open(original) as reader:
        half = reader.read()[:-300]
    store.put(original, io.BytesIO(half), media_type="image/jpeg")
    assert_problem(client.simulate_get(uploaded + "rotate:90.png"), 503)
    assert list(store.list(keys.RENDERS)) == []
