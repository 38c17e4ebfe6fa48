"""Links of imgproxy and thumbor, served from an origin as they are."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any
from urllib.parse import quote

import pytest
from falcon import testing
from PIL import Image

from progimage.api.fronts.imgproxy.signature import KeyPair
from progimage.api.fronts.thumbor.signature import sign
from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem
from tests.api.fronts.test_imgproxy import bordered
from tests.inline_pool import InlinePool
from tests.origin_client import picture
from tests.web_server import WebServer

KEY, SALT = b"test-key", b"test-salt"
IMGPROXY = {
    "prefix": "/imgproxy",
    "keys": [{"key": KEY.hex(), "salt": SALT.hex()}],
    "sources": {"local:///": "shop", "s3://media/": "shop"},
}
THUMBOR = {"hosts": ["thumbs.example.com"], "keys": ["secret"], "sources": {"": "shop"}}


class Service:
    def __init__(
        self, root, *, originals: bool = False, store=None, origin=None, **fronts: dict[str, Any]
    ) -> None:
        self.root, self.store = root, store or MemoryStore()
        origin = origin or {"from": root.as_uri(), "originals": originals}
        settings = Settings.model_validate(
            {
                "store": "memory://",
                "origins": {"shop": origin},
                "fronts": fronts,
                "server": {"hosts": ["img.example.com"]},
            }
        )
        self.client = testing.TestClient(app.create(settings, self.store, InlinePool()))

    def get(self, raw: str, host: str = "img.example.com", **headers: str) -> testing.Result:
        path, _, query = raw.partition("?")
        return self.client.simulate_get(
            path, query_string=query, host=host, headers=headers, extras={"RAW_URI": raw}
        )


@pytest.fixture
def service(tmp_path) -> Service:
    (tmp_path / "a b.png").write_bytes(picture(300, 200))
    (tmp_path / "a.png").write_bytes(picture(300, 200))
    return Service(tmp_path, imgproxy=IMGPROXY, thumbor=THUMBOR)


def signed(path: str) -> str:
    return f"/imgproxy/{KeyPair(KEY, SALT).sign(path)}{path}"


def size(result: testing.Result) -> tuple[int, int]:
    assert result.status_code == 200, result.text[:2000]
    return Image.open(io.BytesIO(result.content)).size


class TestImgproxy:
    def test_a_signed_url(self, service):
        result = service.get(signed("/rs:fill:30:30/plain/local:///a.png@webp"))
        assert size(result) == (30, 30)
        assert result.headers["content-type"] == "image/webp"
        assert result.headers["link"].startswith("</origins/shop/")

    def test_a_source_is_decoded_once(self, service):
        assert size(service.get(signed("/w:30/plain/s3://media/a%20b.png"))) == (30, 20)

    def test_the_query_is_ignored(self, service):
        assert size(service.get(signed("/w:30/plain/local:///a.png") + "?utm_source=x")) == (30, 20)

    def test_two_spellings_share_one_rendition(self, service):
        service.get(signed("/w:30/h:0/plain/local:///a.png"))
        again = service.get(signed("/rs:fit:30/plain/s3://media/a.png"))
        assert again.headers["x-cache"] == "hit"

    @pytest.mark.parametrize(
        ("url", "status"),
        [
            ("/imgproxy/wrong/w:30/plain/local:///a.png", 403),
            ("/imgproxy/unsafe/w:30/plain/local:///a.png", 403),
            (signed("/nonsense:1/plain/local:///a.png"), 404),
            (signed("/w:30/plain/local:///none.png"), 404),
            (signed("/w:30/plain/https://example.com/a.png"), 404),
            (signed("/w:30/plain/local:///../a.png"), 404),
            (signed("/rs:force:9000:9000/el:1/plain/local:///a.png"), 422),
            (signed("/msr:1/plain/local:///a.png"), 403),
            (signed("/raw:1/plain/local:///a.png"), 403),
            ("/imgproxy/", 404),
        ],
    )
    def test_statuses_are_imgproxys(self, service, url, status):
        assert_problem(service.get(url), status)

    def test_a_file_that_is_no_picture_is_422(self, service):
        (service.root / "page.png").write_bytes(b"<html>")
        assert_problem(service.get(signed("/w:30/plain/local:///page.png")), 422)

    def test_a_name_and_an_attachment(self, service):
        result = service.get(signed("/fn:boat/att:1/w:30/plain/local:///a.png@jpg"))
        assert result.headers["content-disposition"] == 'attachment; filename="boat.jpg"'

    def test_info(self, service):
        path = "/plain/local:///a.png"
        result = service.get(f"/imgproxy/info/{KeyPair(KEY, SALT).sign(path)}{path}")
        assert (result.json["width"], result.json["height"]) == (300, 200)

    def test_the_watermark_is_a_picture_of_the_library(self, tmp_path):
        (tmp_path / "a.png").write_bytes(picture(300, 200, "red"))
        stamp = picture(30, 20, "blue")
        image_id = hashlib.sha256(stamp).hexdigest()
        service = Service(tmp_path, imgproxy={**IMGPROXY, "watermark": image_id})
        raw = signed("/wm:1:nowe/plain/local:///a.png@png")
        assert_problem(service.get(raw), 422)
        headers = {"Content-Type": "image/png"}
        sent = service.client.simulate_post("/images/", body=stamp, headers=headers)
        assert sent.json["id"] == image_id
        image = Image.open(io.BytesIO(service.get(raw).content)).convert("RGB")
        assert image.getpixel((2, 2)) == (0, 0, 255)
        assert image.getpixel((100, 100)) == (255, 0, 0)

    def test_a_crop_counts_in_what_a_trim_leaves(self, service):
        data = io.BytesIO()
        bordered().save(data, "PNG")
        (service.root / "b.png").write_bytes(data.getvalue())
        raw = signed("/t:10/c:20:10:nowe:5:7/plain/local:///b.png@png")
        for state in ("miss", "hit"):
            result = service.get(raw)
            image = Image.open(io.BytesIO(result.content)).convert("RGB")
            assert (image.size, image.getpixel((0, 0))) == ((20, 10), (105, 107, 200))
            assert result.headers["x-cache"] == state

    def test_another_process_reads_the_trimmed_size_from_the_cache(self, service):
        data = io.BytesIO()
        bordered().save(data, "PNG")
        (service.root / "b.png").write_bytes(data.getvalue())
        assert size(service.get(signed("/t:10/c:0.5:0.5/plain/local:///b.png@png"))) == (30, 20)
        other = Service(service.root, store=service.store, imgproxy=IMGPROXY)
        raw = signed("/t:10/c:0.25:0.25/plain/local:///b.png@png")
        assert size(other.get(raw)) == (15, 10)

    def test_skipped_formats_are_sent_as_they_are(self, tmp_path):
        (tmp_path / "a.png").write_bytes(picture(300, 200))
        raw = signed("/skp:png/w:30/plain/local:///a.png")
        assert_problem(Service(tmp_path, imgproxy=IMGPROXY).get(raw), 403)
        result = Service(tmp_path, originals=True, imgproxy=IMGPROXY).get(raw)
        assert result.content == (tmp_path / "a.png").read_bytes()

    def test_a_picture_is_cropped_as_it_is_shown(self, service):
        """imgproxy/imgproxy#14 and #160: the orientation of EXIF counts first."""
        exif = Image.Exif()
        exif[0x0112] = 6  # shown turned to the right, so the left edge is at the top
        stored = Image.new("RGB", (60, 40), "blue")
        stored.paste("red", (0, 0, 20, 40))
        stored.save(service.root / "turned.jpg", exif=exif, quality=95)
        result = service.get(signed("/c:40:20:no/plain/local:///turned.jpg@png"))
        assert size(result) == (40, 20)
        red, _, blue = Image.open(io.BytesIO(result.content)).convert("RGB").getpixel((20, 5))
        assert (red > 200, blue < 50) == (True, True)

    def test_an_error_is_not_to_be_cached(self, service):
        """imgproxy/imgproxy#1677."""
        for path in ("/w:30/plain/local:///none.png", "/w:x/plain/local:///a.png"):
            caching = service.get(signed(path)).headers.get("cache-control", "no-store")
            assert "no-store" in caching

    def test_head(self, service):
        raw = signed("/w:30/plain/local:///a.png")
        result = service.client.simulate_head(raw, host="img.example.com", extras={"RAW_URI": raw})
        assert result.status_code == 200
        assert result.content == b""


class TestThumbor:
    def get(self, service: Service, path: str) -> testing.Result:
        return service.get(f"/{sign(path, 'secret')}/{path}", host="thumbs.example.com")

    def test_a_signed_url_on_its_host(self, service):
        assert size(self.get(service, "30x30/a.png")) == (30, 30)

    def test_a_key_with_a_space(self, service):
        assert size(self.get(service, "30x/a%20b.png")) == (30, 20)

    def test_meta(self, service):
        assert self.get(service, "meta/30x30/a.png").json["width"] == 300

    @pytest.mark.parametrize(
        ("path", "status"), [("unsafe/30x30/a.png", 400), ("x/30x30/a.png", 400), ("", 400)]
    )
    def test_bad_signatures(self, service, path, status):
        assert_problem(service.get(f"/{path}", host="thumbs.example.com"), status)

    def test_a_query_that_is_not_part_of_the_source_is_ignored(self, service):
        """thumbor/thumbor#331 and thumbor/libthumbor#33."""
        signature = sign("30x30/a.png", "secret")
        path = f"/{signature}/30x30/a.png?23213131"
        assert size(service.get(path, host="thumbs.example.com")) == (30, 30)

    def test_a_missing_source_is_404(self, service):
        assert_problem(self.get(service, "30x30/none.png"), 404)

    def test_its_host_has_no_other_paths(self, service):
        assert service.get("/images/", host="thumbs.example.com").status_code == 400
        assert service.get("/images/").status_code == 200


class TestSourcesThatAreUrls:
    """The path of a URL is percent-encoded, and it may have a query."""

    @pytest.fixture
    def web(self):
        server = WebServer()
        yield server
        server.close()

    def service(self, web: WebServer, *, queries: bool) -> Service:
        base = web.url
        origin = {"from": base, "allow_private_addresses": True, "queries": queries}
        fronts = {
            "imgproxy": {"prefix": "/imgproxy", "unsafe": True, "sources": {base: "shop"}},
            "thumbor": {"prefix": "/thumbor", "unsafe": True, "sources": {base: "shop"}},
        }
        return Service(None, origin=origin, **fronts)

    def links(self, source: str) -> list[str]:
        quoted = quote(source, safe=":/")
        encoded = base64.urlsafe_b64encode(source.encode()).decode()
        return [
            f"/imgproxy/_/w:30/plain/{quoted}",
            f"/imgproxy/_/w:30/{encoded}.jpg",
            f"/thumbor/unsafe/30x/{quoted}",
        ]

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("a%20b.png", "/base/a%20b.png"),
            ("100%25.png", "/base/100%25.png"),
            ("a+b(1).png", "/base/a+b(1).png"),
            ("%E4%B8%AD.png", "/base/%E4%B8%AD.png"),
            ("中.png", "/base/%E4%B8%AD.png"),
            ("a.png#top", "/base/a.png"),
        ],
    )
    def test_the_same_path_is_requested(self, web: WebServer, name, path):
        web.files[path] = picture(300, 200)
        service = self.service(web, queries=False)
        for link in self.links(web.url + name):
            assert size(service.get(link)) == (30, 20)

    @pytest.mark.parametrize("query", ["v=2", "d=https%3A%2F%2Fcdn%2Fkr.png&s=1", "path=a/b?c"])
    def test_a_query_is_sent_as_it_is_where_the_origin_takes_it(self, web: WebServer, query):
        web.files[f"/base/a%20b.png?{query}"] = picture(300, 200)
        service = self.service(web, queries=True)
        for link in self.links(f"{web.url}a%20b.png?{query}"):
            assert size(service.get(link)) == (30, 20)

    def test_a_query_is_404_where_it_is_not_passed_on(self, web: WebServer):
        web.files["/base/a.png"] = picture(300, 200)
        for link in self.links(f"{web.url}a.png?v=2"):
            result = self.service(web, queries=False).get(link)
            assert_problem(result, 404)
            assert "origins.shop.queries" in result.json["detail"]
        assert web.seen == []

    def test_a_url_may_lead_to_a_folder(self, tmp_path):
        (tmp_path / "a b.png").write_bytes(picture(300, 200))
        sources = {"https://cdn.example.com/": "shop"}
        front = {"prefix": "/imgproxy", "unsafe": True, "sources": sources}
        service = Service(tmp_path, imgproxy=front)
        for link in self.links("https://cdn.example.com/a%20b.png")[:2]:
            assert size(service.get(link)) == (30, 20)


def test_the_internal_route_cannot_be_reached(service):
    assert_problem(service.get("/-/fronts"), 404)


@pytest.mark.parametrize(
    ("fronts", "named"),
    [
        ({"imgproxy": {"prefix": "/images", "unsafe": True, "sources": {"": "shop"}}}, "prefix"),
        ({"imgproxy": {"prefix": "/i", "unsafe": True, "sources": {"": "none"}}}, "none"),
        ({"imgproxy": {"prefix": "/i", "unsafe": True}}, "sources"),
        ({"imgproxy": {"prefix": "/i", "sources": {"": "shop"}}}, "unsafe"),
        ({"imgproxy": {"keys": [{"key": "xyz", "salt": "00"}]}}, "key"),
        ({"thumbor": {"hosts": ["a/b"], "unsafe": True, "sources": {"": "shop"}}}, "hosts"),
    ],
)
def test_settings_that_cannot_work_name_what(tmp_path, fronts, named):
    with pytest.raises(ValueError, match=named):
        Service(tmp_path, **fronts)


def test_unsigned_links_do_not_lead_to_a_private_origin(tmp_path):
    settings = {
        "store": "memory://",
        "origins": {"shop": {"from": tmp_path.as_uri(), "visibility": "private"}},
        "fronts": {"thumbor": {**THUMBOR, "unsafe": True}},
    }
    with pytest.raises(ValueError, match="private origin 'shop'"):
        Settings.model_validate(settings)
    settings["fronts"] = {"thumbor": THUMBOR}
    Settings.model_validate(settings)


def test_a_preset_that_cannot_be_read_is_an_error_at_start(tmp_path):
    with pytest.raises(ConfigError, match="presets"):
        Service(tmp_path, imgproxy={**IMGPROXY, "presets": {"a": "w:x"}})
