"""`GET /images/`: pages, filters, streams, and complaints that help."""

from __future__ import annotations

import io
import json
from urllib.parse import quote, urlencode

import pytest
from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.library.index.keys import LIVE
from progimage.server import app
from tests.api.conftest import assert_problem, form, upload
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool
from tests.people import AUTH

NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture
def client(ann):
    """A client with an account, whose pictures may be private."""
    return ann


@pytest.fixture
def titled(client):
    """Upload five pictures; the titles say what they are good for."""
    for number, fields in enumerate(
        [
            {"title": "first", "tags": "sea,Old Town"},
            {"title": "second", "tags": "Sea,sky", "visibility": "private"},
            {"title": "third", "tags": "sky", "description": "Tramonto sull'Übersee"},
            {"title": "fourth", "tags": "sea"},
            {"title": "fifth"},
        ]
    ):
        colour = (number * 40, 0, 0)
        kind = "GIF" if number == 4 else "PNG"
        picture = saved(Image.new("RGB", (4, 4), colour), kind)
        result = client.simulate_post(
            "/images/", **form(*fields.items(), ("image", picture, f"img_{number}.png"))
        )
        assert result.status_code == 201, result.text[:2000]


def get(client, query: str = ""):
    result = client.simulate_get(f"/images/?{query}" if query else "/images/")
    assert result.status_code == 200, result.text[:2000]
    return result.json


def titles(document) -> list[str]:
    return [record["title"] for record in document["data"]]


def test_an_empty_library_is_an_empty_collection(client):
    assert get(client) == {
        "kind": "Collection",
        "data": [],
        "next": None,
        "previous": None,
        "total": 0,
        "total_is_exact": True,
        "is_partial": False,
    }


def test_pictures_come_newest_first_as_full_records(client, titled):
    document = get(client)
    assert titles(document) == ["fifth", "fourth", "third", "second", "first"]
    assert document["total"] == 5
    for record in document["data"]:
        assert client.simulate_get(record["_links"]["self"]["href"]).json == record


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tag=sea", ["fourth", "second", "first"]),
        ("tag=SEA", ["fourth", "second", "first"]),
        ("tag=old+town", ["first"]),
        ("tag=old", []),
        ("tags_all=sea&tags_all=sky", ["second"]),
        ("tag=sea&tags_all=sky", ["second"]),
        ("tags_any=sky&tags_any=old+town", ["third", "second", "first"]),
        ("tag=sea&tags_any=sky&tags_any=old+town", ["second", "first"]),
        ("q=ir", ["third", "first"]),
        ("q=TRAM", ["third"]),
        ("q=" + quote("übers"), ["third"]),
        ("q=img_3", ["fourth"]),
        ("q=own", ["first"]),
        ("q=tramonto+fir", []),
        ("q=s+sky", ["third", "second"]),
        ("q=ir&tag=sea", ["first"]),
        ("visibility=private", ["second"]),
        ("visibility=public&tag=sea", ["fourth", "first"]),
        ("media_type=image/gif", ["fifth"]),
        ("media_type=IMAGE/PNG&tag=sky", ["third", "second"]),
        ("owner=me", ["fifth", "fourth", "third", "second", "first"]),
        ("owner=somebody", []),
        ("created_after=2020-01-01&tag=sky", ["third", "second"]),
        ("created_before=2020-01-01", []),
        ("offset=3", ["second", "first"]),
        ("tag=sea&limit=1&offset=1", ["second"]),
    ],
)
def test_every_filter_finds_what_it_says_and_no_more(client, titled, query, expected):
    assert titles(get(client, query)) == expected


@pytest.mark.parametrize(
    "tag",
    [
        "a/b",
        "..",
        "%2F",
        "100 %",
        "شمس",
        "海",
        "👩\u200d💻",
        "a+b&c=d",
        "#1",
        "x" * 100,
        "海" * 100,
    ],
)
def test_a_picture_is_found_by_any_tag_there_can_be(client, png, tag):
    path = upload(client, png)
    changes = {"tags": ["other", tag]}
    result = client.simulate_patch(
        f"{path}metadata/",
        json=changes,
        headers={"If-Match": "*", "Content-Type": "application/merge-patch+json"},
    )
    assert result.status_code == 200, result.text[:2000]
    document = get(client, urlencode({"tag": tag}))
    assert [record["tags"] for record in document["data"]] == [["other", tag]]
    assert (
        titles(get(client, urlencode({"tag": tag + "x"} if len(tag) < 100 else {"tag": "y"}))) == []
    )
    listed = client.simulate_get("/tags/", params={"prefix": tag}).json["data"]
    assert [(entry["tag"], entry["count"]) for entry in listed] == [(tag, 1)]
    assert titles(client.simulate_get(listed[0]["_links"]["images"]["href"]).json) == [""]


def test_times_bound_a_listing_to_the_microsecond(client, titled):
    records = get(client)["data"]
    middle = quote(records[2]["created"])
    assert titles(get(client, f"created_after={middle}")) == ["fifth", "fourth"]
    assert titles(get(client, f"created_before={middle}")) == ["second", "first"]
    assert titles(get(client, f"created_before={middle}&tag=sky")) == ["second"]


def test_a_time_zone_with_an_unescaped_plus_is_understood(client, titled):
    assert len(get(client, "created_after=2020-01-01T00:00:00+02:00")["data"]) == 5


def test_next_and_previous_lead_to_every_page_and_back(client, titled):
    pages, url = [], "/images/?limit=2&visibility=public"
    while url:
        document = client.simulate_get(url).json
        pages.append(titles(document))
        assert (document["total"], document["total_is_exact"]) == (4, True)
        last, url = document, document["next"]
    assert pages == [["fifth", "fourth"], ["third", "first"]]
    first = client.simulate_get(last["previous"]).json
    assert titles(first) == pages[0]
    assert first["previous"] is None
    assert titles(client.simulate_get(first["next"]).json) == pages[1]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created", ["first", "second", "third", "fourth", "fifth"]),
        ("-created", ["fifth", "fourth", "third", "second", "first"]),
        ("title", ["fifth", "first", "fourth", "second", "third"]),
        ("-title", ["third", "second", "fourth", "first", "fifth"]),
    ],
)
def test_a_list_is_sorted_either_way_page_by_page_and_as_a_stream(client, titled, sort, expected):
    path, met = f"sort={sort}&limit=2", []
    while path:
        page = get(client, path)
        met += titles(page)
        path, last = (page["next"] or "").partition("?")[2], page
    assert met == expected
    back = get(client, last["previous"].partition("?")[2])
    assert titles(back) == expected[2:4]
    assert titles(get(client, f"sort={sort}&offset=1&limit=3")) == expected[1:4]
    stream = client.simulate_get("/images/", params={"sort": sort}, headers=NDJSON)
    assert [json.loads(line)["title"] for line in stream.text.splitlines()] == expected


def test_a_list_by_size_ends_with_the_largest_file(client, titled):
    sizes = [record["size_bytes"] for record in get(client, "sort=size")["data"]]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1


def test_a_cursor_belongs_to_its_order(client, titled):
    cursor = get(client, "limit=1&sort=title")["next"].rpartition("cursor=")[2]
    for other in ("", "&sort=-title", "&sort=size"):
        result = client.simulate_get("/images/", query_string=f"cursor={cursor}{other}")
        assert_problem(result, 400, "cursor", "sort=title")


def test_a_new_upload_is_on_the_page_before_the_first(client, titled, jpeg):
    second = client.simulate_get(get(client, "limit=2")["next"]).json
    upload(client, jpeg, params={"title": "sixth"})
    assert titles(client.simulate_get(second["previous"]).json) == ["fifth", "fourth"]
    before = client.simulate_get(second["previous"]).json["previous"]
    assert titles(client.simulate_get(before).json) == ["sixth"]


def test_a_page_after_an_offset_leads_back(client, titled):
    document = get(client, "offset=2&limit=2")
    assert titles(document) == ["third", "second"]
    assert titles(client.simulate_get(document["previous"]).json) == ["fifth", "fourth"]


def test_a_picture_that_is_removed_is_listed_no_more(client, titled):
    newest = get(client)["data"][0]
    client.simulate_delete(newest["_links"]["original"]["href"])
    assert titles(get(client)) == ["fourth", "third", "second", "first"]


def test_a_cursor_of_another_listing_shows_only_what_matches_here(client, titled):
    cursor = get(client, "limit=1")["next"].rpartition("cursor=")[2]
    assert titles(get(client, f"tag=sky&cursor={cursor}")) == ["third", "second"]


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "é", "EQAHOZ8_", "A" * 56, "=" * 56, "-" * 56, "A" * 1900, "%00"]
)
def test_a_cursor_of_another_service_is_an_error(client, cursor):
    result = client.simulate_get("/images/", params={"cursor": cursor})
    assert_problem(result, 400, "cursor", "next")


def test_a_cursor_changed_anywhere_is_refused_or_shows_the_same_pictures(client, titled):
    cursor = get(client, "limit=2")["next"].rpartition("cursor=")[2]
    for at in range(len(cursor)):
        for character in "A_9":
            changed = cursor[:at] + character + cursor[at + 1 :]
            result = client.simulate_get("/images/", params={"cursor": changed, "tag": "sea"})
            assert result.status_code in (200, 400)
            if result.status_code == 200:
                assert set(titles(result.json)) <= {"fourth", "second", "first"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("tga=sea", ("'tga'", "did you mean 'tag'")),
        ("nonsense=1", ("'nonsense'", "tags_all", "created_after")),
        ("tag=a&tag=b", ("tag: given twice", "tags_all")),
        ("limit=1&limit=2", ("limit: given twice",)),
        ("limit=0", ("limit", "1 to 1,000", "'0'")),
        ("limit=1001", ("limit", "1 to 1,000")),
        ("limit=ten", ("limit", "'ten'")),
        ("limit=%D9%A1", ("limit", "1 to 1,000")),
        ("offset=-1", ("offset", "0 to 10,000")),
        ("offset=10001", ("offset", "0 to 10,000")),
        ("offset=0&cursor=abc", ("cursor, offset",)),
        ("tag=", ("tag: expected a value",)),
        ("tag=" + "x" * 101, ("tag", "1 to 100 characters")),
        ("q=...", ("q: expected at least one letter",)),
        ("q=a+b+c+d+e+f+g+h+i+j+k", ("q: expected at most 10 words, got 11",)),
        ("visibility=secret", ("visibility: expected public or private, got 'secret'",)),
        ("media_type=jpeg", ("media_type", "image/jpeg", "'jpeg'")),
        ("created_after=yesterday", ("created_after", "ISO 8601", "'yesterday'")),
        ("created_before=0001-01-01T00:00:00%2B14:00", ("created_before", "ISO 8601")),
        ("&".join(f"tags_any={n}" for n in range(21)), ("tags_any: expected at most 20",)),
        ("tag=%ff", ("UTF-8",)),
        ("sort=titel", ("sort", "'titel'", "did you mean 'title'")),
        ("sort=x", ("sort", "'x'", "-created", "taken")),
    ],
)
def test_impossible_values_are_refused_by_name_with_what_would_work(client, query, words):
    assert_problem(client.simulate_get("/images/", query_string=query), 400, *words)


def test_no_cache_may_keep_a_listing(client):
    result = client.simulate_get("/images/")
    assert result.headers["cache-control"] == "private, no-cache"
    assert result.headers["vary"].startswith("Accept, Authorization")


def test_ndjson_sends_every_match_one_a_line(client, titled):
    result = client.simulate_get("/images/", params={"tag": "sea"}, headers=NDJSON)
    assert result.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in result.text.splitlines()]
    assert lines == get(client, "tag=sea")["data"]


def test_ndjson_of_nothing_is_empty(client):
    result = client.simulate_get("/images/", headers=NDJSON)
    assert (result.status_code, result.content) == (200, b"")


@pytest.mark.parametrize("name", ["limit", "cursor", "offset"])
def test_ndjson_sends_all_and_takes_no_page(client, name):
    result = client.simulate_get("/images/", params={name: "1"}, headers=NDJSON)
    assert_problem(result, 400, name, "every match")


def test_a_client_that_takes_anything_gets_json(client):
    for accept in ("*/*", "application/json", "application/x-ndjson;q=0.5, application/json"):
        result = client.simulate_get("/images/", headers={"Accept": accept})
        assert result.headers["content-type"] == "application/json"


def test_a_picture_that_was_announced_and_not_written_is_not_shown(client, titled, store):
    record = get(client)["data"][0]
    for stat in list(store.list(f"images/{record['id'][:2]}/{record['id']}/record")):
        store.delete(stat.key)
    assert any(record["id"] in stat.key for stat in store.list(LIVE))
    another = testing.TestClient(app.create(Settings(auth=AUTH), store, InlinePool()))
    assert titles(get(another)) == ["fourth", "third", "first"]
    assert titles(get(another, "media_type=image/gif")) == []


def test_a_damaged_record_does_not_break_a_listing(client, titled, store):
    record = get(client)["data"][0]
    key = next(
        s.key for s in store.list("images/") if s.key.endswith(f"{record['id']}/record.json")
    )
    store.put(key, io.BytesIO(b"{"), media_type="")
    another = testing.TestClient(app.create(Settings(auth=AUTH), store, InlinePool()))
    assert titles(get(another)) == ["fourth", "third", "first"]


def test_the_root_links_to_search_and_tags(client):
    links = client.simulate_get("/").json["_links"]
    assert links["images"]["templated"]
    assert "tags_all" in links["images"]["href"]
    assert links["tags"]["href"].startswith("/tags/")


class TestNear:
    """Pictures that look like one."""

    @pytest.fixture
    def photo(self, client):
        picture = Image.frombytes(
            "L", (4, 3), bytes([9, 200, 30, 90, 250, 60, 140, 20, 70, 120, 5, 230])
        )
        picture = picture.resize((300, 200), Image.Resampling.BICUBIC)
        return picture, upload(client, saved(picture, "PNG")).split("/")[2]

    def test_a_smaller_copy_in_another_format_is_found(self, client, photo):
        picture, image_id = photo
        copy = upload(client, saved(picture.resize((150, 100)), "JPEG")).split("/")[2]
        upload(client, saved(Image.radial_gradient("L"), "PNG"))
        assert [record["id"] for record in get(client, f"near={image_id}")["data"]] == [copy]
        assert [record["id"] for record in get(client, f"near={copy}")["data"]] == [image_id]
        assert get(client, f"near={image_id}&visibility=private")["data"] == []

    def test_pages_and_streams_keep_the_condition(self, client, photo):
        picture, image_id = photo
        for width in (290, 280, 270):
            upload(client, saved(picture.resize((width, 200)), "PNG"))
        page = get(client, f"near={image_id}&near_distance=8&limit=2")
        assert page["total"] == 3
        rest = client.simulate_get(page["next"]).json
        assert len(page["data"]) + len(rest["data"]) == 3
        lines = client.simulate_get(f"/images/?near={image_id}", headers=NDJSON).text
        assert len(lines.splitlines()) == 3

    def test_an_invisible_picture_is_404(self, client):
        assert client.simulate_get(f"/images/?near={'0' * 64}").status_code == 404

    @pytest.mark.parametrize(
        ("query", "complaint"),
        [
            ("near=abc", "near: expected the id of a picture"),
            ("near_distance=3", "near_distance: needs near"),
            (f"near={'0' * 64}&near_distance=17", "near_distance: expected a whole number"),
        ],
    )
    def test_nonsense_is_400(self, client, photo, query, complaint):
        query = query.replace("0" * 64, photo[1])
        result = client.simulate_get(f"/images/?{query}")
        assert_problem(result, 400)
        assert complaint in result.json["detail"]


def test_a_page_has_only_the_fields_that_were_asked_for(client, uploaded):
    image_id = uploaded.split("/")[2]
    page = client.simulate_get("/images/", params={"fields": "id, width", "links": "0"}).json
    assert page["data"] == [{"id": image_id, "width": 48}]
    [record] = client.simulate_get("/images/", params={"links": "0"}).json["data"]
    assert "_links" not in record
    assert record["sha256"]
    [record] = client.simulate_get("/images/", params={"fields": "id"}).json["data"]
    assert record.keys() == {"id", "_links"}
    headers = {"Accept": "application/x-ndjson"}
    lines = client.simulate_get("/images/?fields=id&links=0", headers=headers).text
    assert json.loads(lines) == {"id": image_id}


@pytest.mark.parametrize(
    "query", ["fields=place", "fields=id,", "links=no", "fields=" + "id," * 600]
)
def test_a_field_that_is_not_public_is_400(client, query):
    assert_problem(client.simulate_get(f"/images/?{query}"), 400)


def test_the_next_page_has_the_same_fields(client, jpeg, png):
    for data in (jpeg, png):
        upload(client, data)
    first = client.simulate_get("/images/", params={"limit": "1", "fields": "id", "links": "0"})
    second = client.simulate_get(first.json["next"]).json["data"]
    assert [record.keys() for record in second] == [{"id"}]


def test_pictures_are_found_by_the_beginning_of_their_ids(client, titled):
    every = client.simulate_get("/images/").json["data"]
    for record in every:
        for digits in (8, 64):
            found = client.simulate_get("/images/", params={"id": record["id"][:digits]}).json
            assert [one["id"] for one in found["data"]] == [record["id"]]
            assert (found["total"], found["next"]) == (1, None)
    assert client.simulate_get("/images/", params={"id": "0" * 63}).json["data"] == []


def test_the_beginning_of_an_id_does_not_show_private_pictures(make_person, jpeg):
    ann, ben = make_person("ann"), make_person("ben")
    private = {"visibility": "private"}
    kind = {"Content-Type": "image/jpeg"}
    sent = ann.simulate_post("/images/", body=jpeg, params=private, headers=kind)
    beginning = {"id": sent.json["id"][:12]}
    assert len(ann.simulate_get("/images/", params=beginning).json["data"]) == 1
    assert ben.simulate_get("/images/", params=beginning).json["data"] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"id": "abc"}, "4 to 64 digits"),
        ({"id": "../..."}, "4 to 64 digits"),
        ({"id": "ABCD"}, "4 to 64 digits"),
        ({"id": "0" * 65}, "4 to 64 digits"),
        ({"id": "abcd", "q": "sea"}, "not with q"),
    ],
)
def test_a_wrong_beginning_of_an_id_is_400(client, query, words):
    assert_problem(client.simulate_get("/images/", params=query), 400, words)
