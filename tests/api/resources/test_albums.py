"""Albums over HTTP: order, cover, privacy, and links that show them to everybody."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from progimage.api.resources.albums import reading
from progimage.library import Library
from progimage.model import Metadata
from tests.api.conftest import assert_problem, opened, upload
from tests.candidates import add
from tests.people import AUTH

ANY = "0" * 64
NO_ALBUM = f"/albums/{'0' * 32}/"


@pytest.fixture
def ids(store) -> list[str]:
    """Three public pictures of ann's."""
    library = Library(store)
    return [add(library, bytes([n]), Metadata(title=f"{n}"), "ann").id for n in range(3)]


@pytest.fixture
def ben(make_person):
    return make_person("ben")


@pytest.fixture
def anybody(make_client):
    return make_client(auth=AUTH)


def create(client, **fields) -> str:
    result = client.simulate_post("/albums/", json={"title": "Harbours", **fields})
    assert result.status_code == 201, result.text[:2000]
    return f"/albums/{result.json['id']}/"


def pictures(client, album, **query) -> list[str]:
    result = client.simulate_get(f"{album}images/", params=query)
    assert result.status_code == 200, result.text[:2000]
    return [record["id"] for record in result.json["data"]]


def change(client, album, **fields):
    return client.simulate_patch(f"{album}images/", json=fields)


def edit(client, album, fields, **headers):
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"} | headers
    return client.simulate_patch(album, json=fields, headers=headers)


def test_an_album_has_its_pictures_in_order_and_the_first_as_its_cover(ann, ids):
    album = create(ann, images=[ids[2], ids[0], ids[2]])
    assert pictures(ann, album) == [ids[2], ids[0]]
    document = ann.simulate_get(album).json
    assert (document["title"], document["cover"], document["count"]) == ("Harbours", ids[2], 2)
    assert document["visibility"] == "private"
    assert document["_links"]["images"]["href"] == f"{album}images/"


def test_pictures_are_added_moved_and_removed(ann, ids):
    album = create(ann, images=ids[:2])
    assert change(ann, album, add=[ids[2]], before=ids[0]).json["count"] == 3
    assert pictures(ann, album) == [ids[2], ids[0], ids[1]]
    change(ann, album, add=[ids[2]])
    assert pictures(ann, album) == ids
    change(ann, album, add=[ids[2], ids[1]], before=ids[0])
    assert pictures(ann, album) == [ids[2], ids[1], ids[0]]
    change(ann, album, add=[ids[0]], before=ids[0])
    assert pictures(ann, album) == [ids[2], ids[1], ids[0]]
    change(ann, album, remove=[ids[1], ANY])
    assert pictures(ann, album) == [ids[2], ids[0]]


def test_the_cover_is_one_of_the_pictures(ann, ids):
    album = create(ann, images=ids)
    assert edit(ann, album, {"cover": ids[1]}).json["cover"] == ids[1]
    assert change(ann, album, remove=[ids[1]]).status_code == 200
    assert ann.simulate_get(album).json["cover"] == ids[0]
    assert_problem(edit(ann, album, {"cover": ids[1]}), 400, "cover")
    assert edit(ann, album, {"cover": ids[2], "images": [ids[2]]}).json["cover"] == ids[2]
    assert edit(ann, album, {"images": [ids[0]]}).json["cover"] == ids[0]
    assert edit(ann, album, {"images": None, "description": None}).json["cover"] is None


@pytest.mark.parametrize("hidden", [5, 130])
def test_the_cover_is_the_first_that_the_viewer_may_see(ann, anybody, store, ids, hidden):
    library, private = Library(store), Metadata(visibility="private")
    first = [add(library, f"hidden {n}".encode(), private, "ann").id for n in range(hidden)]
    album = create(ann, images=[*first, *ids], visibility="public")
    document = anybody.simulate_get(album).json
    assert document["cover"] == ids[0]
    assert ids[0] in document["_links"]["cover"]["href"]
    assert ann.simulate_get(album).json["cover"] == first[0]
    assert ann.simulate_get("/albums/").json["data"][0]["cover"] == first[0]


def test_a_list_of_many_albums_has_their_covers_behind_deleted_pictures(ann, store):
    """More albums than there are threads, each of which reads more than one record."""
    library = Library(store)
    hidden, public = [add(library, bytes([n]), owner="ann").id for n in (1, 2)]
    albums = [create(ann, images=[hidden, public]) for _ in range(20)]
    assert ann.simulate_delete(f"/images/{hidden}/").status_code == 204
    found = ann.simulate_get("/albums/").json["data"]
    assert [album["cover"] for album in found] == [public] * len(albums)


def test_an_edit_is_based_on_a_version(ann, ids):
    album = create(ann)
    etag = ann.simulate_get(album).headers["etag"]
    assert edit(ann, album, {"title": "Boats"}, **{"If-Match": etag}).json["title"] == "Boats"
    assert_problem(edit(ann, album, {"title": "Sea"}, **{"If-Match": etag}), 412)
    assert_problem(ann.simulate_patch(album, json={"title": "Sea"}), 428, "If-Match")
    headers = {"If-Match": "*", "Content-Type": "text/plain"}
    assert_problem(ann.simulate_patch(album, body="{}", headers=headers), 415)


def test_changes_of_several_clients_at_once_are_all_made(ann, store):
    library = Library(store)
    ids = [add(library, f"picture {n}".encode(), owner="ann").id for n in range(4)]
    album = create(ann)
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda image_id: change(ann, album, add=[image_id]), ids))
    assert {result.status_code for result in results} == {200}
    assert sorted(pictures(ann, album)) == sorted(ids)


def test_invisible_pictures_are_not_added_and_are_named(ann, ben, ids, store):
    hidden = add(Library(store), b"hidden", Metadata(visibility="private"), "ben").id
    album = create(ann)
    result = change(ann, album, add=[ids[0], hidden, ANY])
    assert result.status_code == 207
    assert [item["status"] for item in result.json["images"]] == [200, 404, 404]
    texts = {item["detail"].replace(item["id"], "") for item in result.json["images"][1:]}
    assert len(texts) == 1, "a hidden picture looks like a missing one"
    assert_problem(edit(ann, album, {"images": [hidden]}), 400, "no picture")
    assert_problem(ann.simulate_post("/albums/", json={"title": "x", "images": [hidden]}), 400)
    assert pictures(ann, album) == [ids[0]]


def test_pictures_that_are_deleted_or_hidden_are_left_out_until_they_are_back(make_person, jpeg):
    ann = make_person("ann", trash={"days": 30})
    image_id = upload(ann, jpeg).split("/")[2]
    album = create(ann, images=[image_id], visibility="public")
    other = make_person("ben")
    for fields, undo, viewer in (
        ({"delete": True}, {"restore": True}, ann),
        ({"visibility": "private"}, {"visibility": "public"}, other),
    ):
        ann.simulate_patch("/images/", json={"images": [image_id], **fields})
        assert pictures(viewer, album) == []
        assert viewer.simulate_get(album).json["cover"] is None
        ann.simulate_patch("/images/", json={"images": [image_id], **undo})
        assert pictures(viewer, album) == [image_id]


def test_a_private_album_looks_like_one_that_does_not_exist(ann, ben, anybody, ids):
    album = create(ann, images=ids)
    for client in (ben, anybody):
        for path, rest in ((album, ""), (album, "images/"), (album, "links/")):
            for method in ("GET", "PATCH", "DELETE", "POST"):
                arguments = {"json": {"title": "x"}, "headers": {"If-Match": "*"}}
                found = client.simulate_request(method, path + rest, **arguments)
                missing = client.simulate_request(method, NO_ALBUM + rest, **arguments)
                assert found.status_code == missing.status_code
                assert found.status_code in (404, 405)
                assert found.text.replace(album, NO_ALBUM).replace(
                    album.split("/")[2], "0" * 32
                ) == missing.text.replace(album.split("/")[2], "0" * 32)
        assert client.simulate_get("/albums/").json["data"] == []


def test_a_public_album_is_readable_by_all_and_changed_by_its_owner(ann, ben, anybody, ids):
    album = create(ann, images=ids, visibility="public")
    for client in (ben, anybody):
        assert pictures(client, album) == ids
        assert "count" not in client.simulate_get(album).json
        assert_problem(change(client, album, remove=ids), 403)
        assert_problem(edit(client, album, {"title": "mine"}), 403)
        assert_problem(client.simulate_delete(album), 403)
        assert_problem(client.simulate_post(f"{album}links/", json={}), 403)


def test_an_album_is_removed_and_its_pictures_stay(ann, ids):
    album = create(ann, images=ids)
    assert ann.simulate_delete(album).status_code == 204
    assert_problem(ann.simulate_get(album), 404)
    assert ann.simulate_get("/albums/").json["data"] == []
    assert ann.simulate_get(f"/images/{ids[0]}/metadata/").status_code == 200


def test_albums_and_their_pictures_are_read_in_pages(ann, ids):
    albums = [create(ann, images=ids) for _ in range(3)]
    first = ann.simulate_get("/albums/", params={"limit": "2"}).json
    second = ann.simulate_get(first["next"]).json
    found = [f"/albums/{a['id']}/" for page in (first, second) for a in page["data"]]
    assert sorted(found) == sorted(albums)
    assert second["next"] is None
    page = ann.simulate_get(f"{albums[0]}images/", params={"limit": "2"}).json
    rest = ann.simulate_get(page["next"]).json
    assert [r["id"] for r in (*page["data"], *rest["data"])] == ids
    assert rest["next"] is None


def test_pages_do_not_tell_how_many_pictures_are_hidden(store, ann, anybody):
    library = Library(store)
    visibility = ["public" if number % 4 == 0 else "private" for number in range(20)]
    every = [
        add(library, bytes([9, number]), Metadata(visibility=visible), "ann").id
        for number, visible in enumerate(visibility)
    ]
    album = create(ann, images=every, visibility="public")
    seen = [
        image_id for image_id, visible in zip(every, visibility, strict=True) if visible == "public"
    ]
    path, found, sizes = f"{album}images/?limit=2", [], []
    while path:
        page = anybody.simulate_get(path).json
        found += [record["id"] for record in page["data"]]
        sizes.append(len(page["data"]))
        path = page["next"]
    assert (found, sizes) == (seen, [2, 2, 1])
    assert pictures(ann, album, limit="200") == every
    for unknown in (every[1], ANY, "x"):
        assert_problem(
            anybody.simulate_get(f"{album}images/", params={"cursor": unknown}), 400, "cursor"
        )


def test_others_do_not_learn_that_hidden_pictures_were_added(store, ann, anybody, ids):
    hidden = add(Library(store), b"hidden", Metadata(visibility="private"), "ann").id
    album = create(ann, images=ids, visibility="public")
    before = anybody.simulate_get(album)
    assert change(ann, album, add=[hidden]).status_code == 200
    after = anybody.simulate_get(album)
    assert (after.text, after.headers.get("etag")) == (before.text, None)
    assert "revision" not in after.json
    assert ann.simulate_get(album).json["revision"] == 2


def test_looks_at_very_many_hidden_pictures_need_a_place_among_a_few(
    store, ann, make_client, ids, monkeypatch
):
    library, private = Library(store), Metadata(visibility="private")
    hidden = [add(library, f"no {n}".encode(), private, "ann").id for n in range(70)]
    album = create(ann, images=[*hidden, *ids], visibility="public")
    monkeypatch.setattr(reading, "PLACES", 0)
    monkeypatch.setattr(reading, "FREE_LOOKS", 32)
    stranger = make_client(auth=AUTH)
    for path in (album, f"{album}images/"):
        busy = stranger.simulate_get(path)
        assert_problem(busy, 503, "albums of hidden pictures")
        assert int(busy.headers["retry-after"]) > 0
    monkeypatch.setattr(reading, "FREE_LOOKS", 128)
    assert pictures(stranger, album) == ids


def test_an_offset_is_no_longer_taken(ann, ids):
    album = create(ann, images=ids)
    assert_problem(ann.simulate_get(f"{album}images/", params={"offset": "1"}), 400, "offset")


class TestLinks:
    @pytest.fixture
    def private(self, ann, jpeg):
        """The path of an album with a private picture, and the id of the picture."""
        sent = upload(ann, jpeg, params={"visibility": "private"})
        image_id = sent.split("/")[2]
        return create(ann, images=[image_id]), image_id

    def link(self, client, album, **fields):
        result = client.simulate_post(f"{album}links/", json=fields)
        assert result.status_code == 200, result.text[:2000]
        return result.json["url"].partition("falconframework.org")[2]

    def test_a_link_shows_the_album_and_its_private_pictures_without_an_account(
        self, ann, anybody, private
    ):
        album, image_id = private
        link = self.link(ann, album, expires_in=60)
        page = anybody.simulate_get(link)
        assert page.headers["cache-control"] == "private, no-store"
        [record] = page.json["data"]
        assert record["id"] == image_id
        href = record["_links"]["rendition"]["href"].replace("{+pipeline}", "thumbnail.png")
        assert opened(anybody.simulate_get(href)).size == (48, 32)
        shown = anybody.simulate_get(link.replace("images/?", "?"))
        assert shown.json["cover"] == image_id
        assert "count" not in shown.json
        assert "links" not in shown.json["_links"]

    def test_a_link_does_not_show_originals_records_or_other_pictures(self, ann, anybody, private):
        album, image_id = private
        link = self.link(ann, album)
        signature = link.partition("sig=")[2]
        [record] = anybody.simulate_get(link).json["data"]
        rendition = record["_links"]["rendition"]["href"].partition("sig=")[2]
        for sig in (signature, rendition):
            assert anybody.simulate_get(f"/images/{image_id}/?sig={sig}").status_code == 404
        for rest in (f"thumbnail?sig={signature}", "metadata/"):
            assert anybody.simulate_get(f"/images/{image_id}/{rest}").status_code == 404
        for closed in ("sha256", "tags", "description", "custom", "capture", "file_name"):
            assert closed not in record

    def test_a_link_is_for_one_album_and_an_altered_one_reveals_nothing(
        self, ann, anybody, private
    ):
        album, _ = private
        link, other = self.link(ann, album), create(ann)
        assert_problem(anybody.simulate_get(link.replace(album, other)), 404)
        assert_problem(anybody.simulate_get(link.replace(album, NO_ALBUM)), 404)
        assert_problem(anybody.simulate_get(f"{link}x"), 404)
        assert_problem(ann.simulate_get(f"{link}x"), 403, "sig")

    def test_an_album_that_is_removed_is_gone_by_link_too(self, ann, anybody, private):
        album, _ = private
        link = self.link(ann, album)
        ann.simulate_delete(album)
        assert_problem(anybody.simulate_get(link), 404)

    def test_the_links_to_pictures_end_with_the_link_to_the_album(self, ann, anybody, private):
        album, _ = private
        link = self.link(ann, album, expires_in=60)
        [record] = anybody.simulate_get(link).json["data"]
        expires = [
            int(text.partition("sig=v1.")[2].split(".")[1])
            for text in (link, record["_links"]["rendition"]["href"])
        ]
        assert expires[1] - expires[0] <= 1
        assert expires[0] <= time.time() + 61

    def test_pictures_of_other_accounts_are_shown_only_if_they_are_public(
        self, ann, ben, anybody, ids
    ):
        album = create(ben, images=ids[:1])
        link = self.link(ben, album)
        [record] = anybody.simulate_get(link).json["data"]
        assert "sig=" not in record["_links"]["rendition"]["href"]
        ann.simulate_patch("/images/", json={"images": ids, "visibility": "private"})
        assert anybody.simulate_get(link).json["data"] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "x", "visibility": "secret"}, "visibility"),
        ({"title": "x", "images": ["x"]}, "images.0"),
        ({"title": "x", "images": [ANY] * 5_001}, "images"),
        ({"title": "x", "images": [ANY]}, "no picture"),
        ({"title": "x", "cover": ANY}, "cover"),
        ({"title": "x", "owner": "ben"}, "owner"),
    ],
)
def test_a_wrong_album_is_400(ann, fields, words):
    assert_problem(ann.simulate_post("/albums/", json=fields), 400, words)
    assert ann.simulate_get("/albums/").json["data"] == []


@pytest.mark.parametrize(
    "fields",
    [{}, {"add": []}, {"add": ["x"]}, {"add": [ANY] * 1_001}, {"add": [ANY], "before": "x"}],
)
def test_a_wrong_change_is_400(ann, fields):
    assert_problem(change(ann, create(ann), **fields), 400)


def test_a_private_album_needs_an_account(anybody):
    wrong = anybody.simulate_post("/albums/", json={"title": "x", "visibility": "private"})
    assert_problem(wrong, 400, "owner")
    assert create(anybody)


def test_where_accounts_are_required_albums_need_one(make_client):
    client = make_client(auth={**AUTH, "mode": "required"})
    assert_problem(client.simulate_get("/albums/"), 401)
    assert_problem(client.simulate_post("/albums/", json={"title": "x"}), 401)
