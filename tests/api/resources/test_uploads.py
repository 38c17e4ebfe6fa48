"""Pictures come in: in three shapes, one or many, and bad ones are refused without a trace."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from io import BytesIO

import pytest
from PIL import Image

from tests.api.conftest import assert_problem, form, upload
from tests.imaging.drawing import animated, quadrants, saved, solids

RAW = {"Content-Type": "image/jpeg"}


def assert_stored_as(result, data: bytes) -> None:
    image_id = hashlib.sha256(data).hexdigest()
    assert result.status_code == 201, result.text[:2000]
    assert result.headers["location"] == f"http://falconframework.org/images/{image_id}/"
    assert result.json["id"] == image_id
    assert result.json["msg"] == "ok"


@pytest.mark.parametrize("path", ["/images/", "/images", "/"])
def test_a_form_with_one_picture_is_stored(client, jpeg, path):
    assert_stored_as(client.simulate_post(path, **form(("image", jpeg, "cat.jpg"))), jpeg)


def test_a_raw_body_is_stored(client, jpeg):
    assert_stored_as(client.simulate_post("/images/", body=jpeg, headers=RAW), jpeg)


def test_json_with_base64_is_stored(client, jpeg):
    sent = {"data": base64.b64encode(jpeg).decode(), "file_name": "cat.jpg", "title": "Cat"}
    result = client.simulate_post("/images/", json=sent)
    assert_stored_as(result, jpeg)
    assert (result.json["file_name"], result.json["title"]) == ("cat.jpg", "Cat")


def test_the_record_describes_the_picture(client, jpeg):
    result = client.simulate_post("/images/", **form(("image", jpeg, "cat.jpg")))
    body = result.json
    assert body["sha256"] == hashlib.sha256(jpeg).hexdigest()
    assert body["size_bytes"] == len(jpeg)
    assert (body["width"], body["height"], body["frames"]) == (48, 32, 1)
    assert (body["media_type"], body["file_name"]) == ("image/jpeg", "cat.jpg")
    assert (body["orientation"], body["has_alpha"]) == (1, False)
    assert body["dominant_colour"].startswith("#")
    assert base64.b64decode(body["placeholder"])
    assert body["created"].endswith("Z")
    assert body["_links"]["original"]["href"] == f"/images/{body['id']}/"


def test_metadata_is_sent_beside_the_picture(client, jpeg):
    result = client.simulate_post(
        "/images/",
        **form(
            ("tags", "sea,sky"),
            ("image", jpeg, "cat.jpg"),
            ("title", "Zoë's cat"),
            ("description", "two\nlines"),
            ("tags", "Boat"),
        ),
    )
    assert result.json["title"] == "Zoë's cat"
    assert result.json["description"] == "two\nlines"
    assert result.json["tags"] == ["sea", "sky", "Boat"]


def test_the_metadata_of_a_raw_body_is_in_the_query(client, jpeg):
    result = client.simulate_post(
        "/images/",
        query_string="title=Cat&tags=sea&tags=sky",
        body=jpeg,
        headers={**RAW, "Content-Disposition": 'attachment; filename="cat.jpg"'},
    )
    assert (result.json["title"], result.json["tags"]) == ("Cat", ["sea", "sky"])
    assert result.json["file_name"] == "cat.jpg"


def test_the_same_picture_again_is_200_at_the_same_place(client, jpeg, store):
    first = client.simulate_post("/images/", body=jpeg, headers=RAW)
    again = client.simulate_post("/images/", **form(("image", jpeg, "other.jpg")))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["location"] == first.headers["location"]
    assert again.json["msg"] == "known"
    assert again.json["file_name"] == ""
    assert len(list(store.list("images/"))) == 2


def test_several_pictures_in_one_form_are_all_stored(client, jpeg, png):
    result = client.simulate_post(
        "/images/", **form(("image", jpeg, "a.jpg"), ("title", "Both"), ("image", png, "b.png"))
    )
    assert result.status_code == 201
    assert [image["status"] for image in result.json["images"]] == [201, 201]
    assert [image["title"] for image in result.json["images"]] == ["Both", "Both"]
    assert [image["file_name"] for image in result.json["images"]] == ["a.jpg", "b.png"]


def test_one_invalid_picture_of_several_is_reported_with_207(client, jpeg, store):
    result = client.simulate_post(
        "/images/",
        **form(("image", jpeg, "a.jpg"), ("image", b"", "empty.jpg"), ("image", b"text", "c.jpg")),
    )
    assert result.status_code == 207
    statuses = [image["status"] for image in result.json["images"]]
    assert statuses == [201, 400, 415]
    assert "detail" in result.json["images"][2]
    assert len(list(store.list("images/"))) == 2


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("evil.txt", "boo")
    return file.getvalue()


JPEG = saved(quadrants(), "JPEG")
PNG = saved(quadrants(), "PNG")
NOISE = saved(Image.effect_noise((64, 64), 100), "PNG")

BAD = {
    "empty": (b"", 400, "no bytes"),
    "text": (b"hello, world", 415, "text/plain"),
    "SVG without its namespace": (b"<svg/>", 415, "not accepted"),
    "SVG that is cut off": (b'<svg xmlns="http://www.w3.org/2000/svg"><g>', 422, "not well-formed"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", 415, "not accepted"),
    "PDF without pages": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 422, "the pdf cannot be read"),
    "truncated JPEG": (JPEG[: len(JPEG) // 2], 422, "send it again"),
    "mostly missing PNG": (NOISE[: len(NOISE) // 6], 422, "most of it is missing"),
    "corrupt PNG": (NOISE[:200] + b"\0" * 400 + NOISE[600:], 422, ""),
    "polyglot with a ZIP": (JPEG + zipped(), 415, ""),
    "polyglot with a script": (PNG + b"<script>alert(1)</script>", 415, ""),
}


@pytest.mark.parametrize(("data", "status", "words"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("shape", ["form", "raw", "json"])
def test_an_invalid_picture_is_an_error_and_leaves_nothing(
    client, store, data, status, words, shape
):
    if shape == "form":
        result = client.simulate_post("/images/", **form(("image", data, "a.jpg")))
    elif shape == "raw":
        result = client.simulate_post("/images/", body=data, headers=RAW)
    else:
        result = client.simulate_post("/images/", json={"data": base64.b64encode(data).decode()})
    assert_problem(result, status, words)
    assert list(store.list("")) == []


def test_a_decompression_bomb_is_refused_before_it_is_decoded(make_client, store):
    client = make_client(limits={"max_source_pixels": 1_000_000})
    bomb = saved(Image.new("1", (1001, 1000)), "PNG")
    assert len(bomb) < 1000
    assert_problem(client.simulate_post("/images/", body=bomb, headers=RAW), 422, "1000000")
    assert list(store.list("")) == []


def test_too_many_frames_are_refused(make_client):
    client = make_client(limits={"max_frames": 2})
    data = animated(solids((255, 0, 0), (0, 255, 0), (0, 0, 255)), "GIF")
    assert_problem(client.simulate_post("/images/", body=data, headers=RAW), 422, "2")


def _cut_jpeg() -> bytes:
    data = saved(Image.effect_noise((96, 96), 60).convert("RGB"), "JPEG", quality=85)
    return data[: len(data) * 6 // 10]


def test_a_damaged_picture_is_stored_marked_and_transparent_where_it_ends(client):
    result = client.simulate_post("/images/", body=_cut_jpeg(), headers=RAW)
    assert result.status_code == 201
    assert result.json["damaged"] is True
    assert "the JPEG ends early" in result.json["damage"]
    shown = client.simulate_get(f"/images/{result.json['id']}/blur.png")
    assert shown.status_code == 200
    alpha = Image.open(BytesIO(shown.content)).getchannel("A")
    assert (alpha.getpixel((48, 5)), alpha.getpixel((48, 95))) == (255, 0)


def test_a_whole_picture_says_that_it_is_whole(client, jpeg):
    result = client.simulate_post("/images/", body=jpeg, headers=RAW)
    assert (result.json["damaged"], result.json["damage"]) == (False, "")


def test_a_damaged_picture_is_422_where_that_is_set(make_client, store):
    client = make_client(upload={"accept_damaged": False})
    result = client.simulate_post("/images/", body=_cut_jpeg(), headers=RAW)
    assert_problem(result, 422, "end of the JPEG")
    assert list(store.list("")) == []


@pytest.mark.parametrize("shape", ["form", "raw", "json"])
def test_a_picture_with_too_many_bytes_is_413(make_client, store, jpeg, shape):
    client = make_client(upload={"max_bytes": 1024, "max_json_bytes": 1024})
    data = jpeg + b"\0" * 2000
    if shape == "form":
        result = client.simulate_post("/images/", **form(("image", data, "a.jpg")))
    elif shape == "raw":
        result = client.simulate_post("/images/", body=data, headers=RAW)
    else:
        result = client.simulate_post("/images/", json={"data": base64.b64encode(data).decode()})
    assert_problem(result, 413, "1,024")
    assert list(store.list("")) == []


def test_a_request_with_too_many_bytes_is_413_before_it_is_read(make_client, jpeg):
    client = make_client(upload={"max_request_bytes": 1024})
    assert_problem(client.simulate_post("/images/", body=jpeg * 9, headers=RAW), 413, "1,024")


def test_too_many_pictures_in_one_form_are_refused(make_client, jpeg, store):
    client = make_client(upload={"max_pictures": 2})
    parts = [("image", jpeg, "a.jpg")] * 3
    assert_problem(client.simulate_post("/images/", **form(*parts)), 400, "at most 2")
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([("file", JPEG, "a.jpg")], ("file: no such field", "'image'")),
        ([("title", "no picture")], ("image:",)),
        ([("image", JPEG, "a.jpg"), ("titel", "a")], ("titel: no such field", "'title'")),
        ([("image", JPEG, "a.jpg"), ("other", JPEG, "b.jpg")], ("other: no such field",)),
        ([("image", JPEG, "a.jpg"), ("title", "a"), ("title", "b")], ("title: given twice",)),
        ([("image", JPEG, "a.jpg"), ("title", b"\xff\xfe")], ("title: expected text in UTF-8",)),
        ([("image", JPEG, "a.jpg"), ("title", "x" * 201)], ("title:", "200")),
        ([("image", JPEG, "a.jpg"), ("description", "x" * 70_000)], ("description:", "65,536")),
        ([("image", JPEG, "a.jpg"), ("visibility", "secret")], ("visibility:", "public")),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(client, store, parts, words):
    assert_problem(client.simulate_post("/images/", **form(*parts)), 400, *words)
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, ("'data'", "'url'")),
        ({"data": 7}, ("data:",)),
        ({"data": "not base64!"}, ("data:", "base64")),
        ({"data": "QUJD", "owner": "eve"}, ("owner: no such field",)),
        ({"data": "QUJD", "file_name": 7}, ("file_name:",)),
        ([], ("not an object",)),
    ],
)
def test_the_error_about_wrong_json_says_what_is_wrong(client, document, words):
    assert_problem(client.simulate_post("/images/", json=document), 400, *words)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"data": "\xff"}',
        b"[" * 100_000,
        b'{"data": NaN}',
        b'{"title": "\xed\xa0\x80"}',
        '{"title": "a"}'.encode("utf-16"),
    ],
    ids=repr,
)
def test_invalid_json_is_400(client, body):
    headers = {"Content-Type": "application/json"}
    assert_problem(client.simulate_post("/images/", body=body, headers=headers), 400, "JSON")


def test_a_key_given_twice_is_refused(client):
    headers = {"Content-Type": "application/json"}
    result = client.simulate_post("/images/", body=b'{"title": "a", "title": "b"}', headers=headers)
    assert_problem(result, 400, "title: given twice")


def test_a_key_that_is_half_a_surrogate_pair_is_named_in_valid_json(client):
    result = client.simulate_post(
        "/images/",
        body=rb'{"\ud800": 1, "\ud800": 2}',
        headers={"Content-Type": "application/json"},
    )
    assert_problem(result, 400, "\ud800: given twice")


@pytest.mark.parametrize("named", [b'name="\xff\xfe"', b'name="image"; filename="\xff.png"'])
@pytest.mark.parametrize("path", ["/images/", "/on_demand/thumbnail"])
def test_a_name_in_a_form_that_is_not_utf_8_is_400(client, store, png, path, named):
    sent = form(("image", png, "a.png"))
    sent["body"] = sent["body"].replace(b'name="image"; filename="a.png"', named)
    assert_problem(client.simulate_post(path, **sent), 400, "UTF-8")
    assert list(store.list("")) == []


@pytest.mark.parametrize("cut", [10, 120, -30, -4])
def test_a_form_that_ends_early_is_refused_and_leaves_nothing(client, store, jpeg, cut):
    sent = form(("image", jpeg, "a.jpg"))
    result = client.simulate_post("/images/", body=sent["body"][:cut], headers=sent["headers"])
    assert_problem(result, 400, "multipart")
    assert list(store.list("")) == []


@pytest.mark.parametrize("boundary", ["", "; boundary=", f"; boundary={'x' * 71}", "; boundary=é"])
def test_a_form_without_a_proper_boundary_is_refused(client, boundary):
    headers = {"Content-Type": f"multipart/form-data{boundary}"}
    assert_problem(client.simulate_post("/images/", body=b"x", headers=headers), 400, "boundary")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "video/mp4"])
def test_another_content_type_is_415_and_says_what_to_send(client, jpeg, kind):
    result = client.simulate_post("/images/", body=jpeg, headers={"Content-Type": kind})
    assert_problem(result, 415, "multipart/form-data", "image")


def test_a_body_without_a_content_type_is_415(client, jpeg):
    assert_problem(client.simulate_post("/images/", body=jpeg), 415, "without a Content-Type")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Temp\\\\cat.jpg", "cat.jpg"),
        ("a\tb.jpg", "ab.jpg"),
        ("x" * 300 + ".jpg", ("x" * 300 + ".jpg")[-255:]),
    ],
)
def test_a_file_name_is_a_name_and_no_path(client, jpeg, sent, stored):
    result = client.simulate_post("/images/", **form(("image", jpeg, sent)))
    assert result.json["file_name"] == stored


def test_the_claimed_media_type_does_not_matter(client, png):
    result = client.simulate_post("/images/", body=png, headers={"Content-Type": "image/gif"})
    assert result.json["media_type"] == "image/png"


def test_uploads_beyond_the_places_there_are_get_503_at_once(make_client, jpeg, monkeypatch):
    client = make_client(upload={"concurrent": 1})
    nested = []

    class Nosy(BytesIO):
        def read(self, size=-1):
            if not nested:
                nested.append(client.simulate_post("/images/", body=jpeg, headers=RAW))
            return super().read(size)

    result = client.simulate_post(
        "/images/",
        headers={**RAW, "Content-Length": str(len(jpeg))},
        extras={"wsgi.input": Nosy(jpeg)},
    )
    assert result.status_code == 201
    assert_problem(nested[0], 503, "uploads")
    assert int(nested[0].headers["retry-after"]) >= 1


def test_a_body_shorter_than_its_content_length_is_refused(client, jpeg, store):
    result = client.simulate_post(
        "/images/",
        headers={**RAW, "Content-Length": str(len(jpeg) + 10)},
        extras={"wsgi.input": BytesIO(jpeg)},
    )
    assert_problem(result, 400, "Content-Length", f"{len(jpeg):,}")
    assert list(store.list("")) == []


def test_a_chunked_body_of_unknown_length_is_stored(client, jpeg):
    result = client.simulate_post(
        "/images/", headers=RAW, extras={"wsgi.input": BytesIO(jpeg), "wsgi.input_terminated": True}
    )
    assert_stored_as(result, jpeg)


def test_a_removed_picture_can_be_uploaded_again(client, jpeg):
    path = upload(client, jpeg)
    assert client.simulate_delete(path).status_code == 204
    assert_problem(client.simulate_get(path), 404)
    assert_stored_as(client.simulate_post("/images/", body=jpeg, headers=RAW), jpeg)


def by_form(client, data: bytes, query: str, **fields: str):
    parts = list(fields.items())
    return client.simulate_post(
        "/images/", query_string=query, **form(("image", data, "a.jpg"), *parts)
    )


def by_json(client, data: bytes, query: str, **fields: str):
    body = {**fields, "data": base64.b64encode(data).decode()}
    return client.simulate_post("/images/", query_string=query, json=body)


@pytest.mark.parametrize("send", [by_form, by_json])
class TestQueryBesideABody:
    """As clients send it that are generated from the API's description."""

    def test_its_fields_apply_to_the_pictures(self, client, jpeg, send):
        result = send(client, jpeg, "title=Harbour&tags=a,b", description="Blue").json
        assert (result["title"], result["tags"], result["description"]) == (
            "Harbour",
            ["a", "b"],
            "Blue",
        )

    def test_a_field_in_both_places_is_an_error(self, client, jpeg, send):
        assert_problem(send(client, jpeg, "title=a", title="b"), 400, "title: given twice")

    def test_an_unknown_field_is_an_error(self, client, jpeg, send):
        assert_problem(send(client, jpeg, "x=1"), 400, "x: no such field")
