"""tus 1.0.0, sentence by sentence: https://tus.io/protocols/resumable-upload"""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from progimage.errors import Overloaded
from progimage.ingest.ingest import Ingest
from progimage.ingest.resumable import keys as upload_keys
from progimage.ingest.resumable.state import ResumableUpload
from progimage.stores import json_objects
from tests.api.conftest import assert_problem

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"


def create(client, size: int | None, body: bytes = b"", **headers: str):
    length = {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
    kind = {"Content-Type": PIECE} if body else {}
    return client.simulate_post(
        "/uploads/", body=body, headers={**TUS, **length, **kind, **dashed(headers)}
    )


def begun(client, size: int | None, **headers: str) -> str:
    result = create(client, size, **headers)
    assert result.status_code == 201, result.text[:2000]
    return result.headers["location"].removeprefix("http://falconframework.org")


def patch(client, path: str, offset: int, data: bytes, **headers: str):
    sent = {**TUS, "Content-Type": PIECE, "Upload-Offset": str(offset), **dashed(headers)}
    return client.simulate_patch(path, body=data, headers=sent)


def head(client, path: str):
    return client.simulate_head(path, headers=TUS)


def dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def offset(client, path: str) -> int:
    result = head(client, path)
    assert result.status_code == 200
    return int(result.headers["upload-offset"])


def encoded(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(pairs[key].encode()).decode()}" for key in pairs)


def image_path(data: bytes) -> str:
    return f"/images/{hashlib.sha256(data).hexdigest()}/"


class TestDiscovery:
    @pytest.mark.parametrize("path", ["/uploads/", f"/uploads/{'0' * 32}/"])
    def test_options_describe_the_protocol_for_every_version(self, client, path):
        result = client.simulate_options(path, headers={"Tus-Resumable": "0.2.2"})
        assert result.status_code == 204
        assert result.headers["tus-version"] == "1.0.0"
        assert result.headers["tus-max-size"] == "1073741824"
        assert set(result.headers["tus-extension"].split(",")) == {
            "creation",
            "creation-defer-length",
            "creation-with-upload",
            "expiration",
            "termination",
            "checksum",
        }
        assert result.headers["tus-checksum-algorithm"].split(",")[0] == "sha1"

    def test_the_methods_are_listed(self, client):
        allowed = client.simulate_options(f"/uploads/{'0' * 32}/").headers["allow"]
        assert {"PATCH", "HEAD", "DELETE"} <= set(allowed.split(", "))


class TestVersion:
    @pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "POST"])
    def test_another_version_is_refused_and_nothing_done(self, client, method):
        path = begun(client, 10)
        headers = {"Tus-Resumable": "0.2.2", "Upload-Length": "5"}
        target = "/uploads/" if method == "POST" else path
        result = client.simulate_request(method, target, headers=headers)
        assert result.status_code == 412
        assert result.headers["tus-version"] == "1.0.0"
        assert offset(client, path) == 0

    @pytest.mark.parametrize("name", ["Upload-Length", "Upload-Defer-Length", "Upload-Metadata"])
    def test_creation_without_a_version_is_refused(self, client, name):
        assert_problem(client.simulate_post("/uploads/", headers={name: "1"}), 412, "1.0.0", "none")

    def test_patch_without_a_version_is_refused(self, client):
        path = begun(client, 10)
        headers = {"Content-Type": PIECE, "Upload-Offset": "0"}
        assert_problem(client.simulate_patch(path, body=b"x", headers=headers), 412, "none")

    def test_every_answer_names_the_version_errors_too(self, client):
        path = begun(client, 10)
        for result in (
            create(client, 10),
            create(client, 0),
            head(client, path),
            patch(client, path, 0, b"x"),
            patch(client, path, 0, b"x"),
            head(client, f"/uploads/{'0' * 32}/"),
        ):
            assert result.headers["tus-resumable"] == "1.0.0"


class TestCore:
    def test_pieces_make_a_picture(self, client, jpeg):
        path = begun(client, len(jpeg))
        first = patch(client, path, 0, jpeg[:100])
        assert (first.status_code, first.content) == (204, b"")
        assert first.headers["upload-offset"] == "100"
        assert "location" not in first.headers
        assert offset(client, path) == 100

        last = patch(client, path, 100, jpeg[100:])
        assert (last.status_code, last.content) == (204, b"")
        assert last.headers["upload-offset"] == str(len(jpeg))
        assert last.headers["location"] == f"http://falconframework.org{image_path(jpeg)}"
        assert client.simulate_get(image_path(jpeg)).content == jpeg

    def test_a_client_that_lost_the_last_answer_can_ask_again(self, client, jpeg):
        path = begun(client, len(jpeg))
        patch(client, path, 0, jpeg)
        result = head(client, path)
        assert result.headers["upload-offset"] == result.headers["upload-length"] == str(len(jpeg))
        assert result.headers["location"].endswith(image_path(jpeg))
        shown = client.simulate_get(path).json
        assert (shown["state"], shown["_links"]["image"]["href"]) == ("finished", image_path(jpeg))
        again = patch(client, path, len(jpeg), b"")
        assert (again.status_code, again.headers["location"]) == (204, result.headers["location"])

    def test_head_must_not_be_cached(self, client):
        result = head(client, begun(client, 10))
        assert result.headers["cache-control"] == "no-store"
        assert result.headers["upload-length"] == "10"

    def test_head_of_what_is_not_there_has_no_offset(self, client):
        result = head(client, f"/uploads/{'0' * 32}/")
        assert result.status_code == 404
        assert "upload-offset" not in result.headers

    @pytest.mark.parametrize("wrong", [0, 4, 6, 10, 11])
    def test_another_offset_is_a_conflict_and_changes_nothing(self, client, wrong):
        path = begun(client, 10)
        patch(client, path, 0, b"12345")
        assert_problem(patch(client, path, wrong, b"x"), 409, "5 bytes")
        assert offset(client, path) == 5

    def test_the_last_piece_sent_again_is_a_conflict_too(self, client, jpeg):
        path = begun(client, len(jpeg))
        patch(client, path, 0, jpeg)
        assert_problem(patch(client, path, 0, jpeg), 409)

    @pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "+1", "\u0661", "9" * 16])
    def test_an_offset_is_a_number(self, client, text):
        path = begun(client, 10)
        headers = {**TUS, "Content-Type": PIECE, "Upload-Offset": text.encode().decode("latin-1")}
        assert_problem(
            client.simulate_patch(path, body=b"x", headers=headers), 400, "Upload-Offset"
        )

    def test_an_offset_is_needed(self, client):
        path = begun(client, 10)
        headers = {**TUS, "Content-Type": PIECE}
        assert_problem(
            client.simulate_patch(path, body=b"x", headers=headers), 400, "Upload-Offset"
        )

    @pytest.mark.parametrize("kind", ["application/octet-stream", "image/jpeg", ""])
    def test_pieces_have_their_own_media_type(self, client, kind):
        path = begun(client, 10)
        assert_problem(patch(client, path, 0, b"x", Content_Type=kind), 415, PIECE)

    @pytest.mark.parametrize("has_length", [True, False], ids=["announced", "chunked"])
    def test_more_than_was_announced_is_refused(self, client, has_length):
        path = begun(client, 10)
        headers = {**TUS, "Content-Type": PIECE, "Upload-Offset": "0"}
        extras = {} if has_length else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
        result = client.simulate_patch(path, body=b"x" * 11, headers=headers, extras=extras)
        assert_problem(result, 413)
        assert offset(client, path) == 0

    def test_the_bytes_before_a_break_are_stored(self, client, jpeg):
        path = begun(client, len(jpeg))
        broken = patch(client, path, 0, jpeg[:70], Content_Length=str(len(jpeg)))
        assert (broken.status_code, broken.headers["upload-offset"]) == (204, "70")
        assert patch(client, path, 70, jpeg[70:]).headers["location"].endswith(image_path(jpeg))

    def test_a_break_before_the_first_byte_is_an_error(self, client):
        path = begun(client, 10)
        assert_problem(patch(client, path, 0, b"", Content_Length="10"), 400, "ended after 0")

    def test_patch_of_what_is_not_there_is_404(self, client):
        assert_problem(patch(client, f"/uploads/{'0' * 32}/", 0, b"x"), 404)

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_post_can_stand_for_methods_that_a_client_lacks(self, client, method):
        path = begun(client, 10)
        headers = {
            **TUS,
            "Content-Type": PIECE,
            "Upload-Offset": "0",
            "X-HTTP-Method-Override": method,
        }
        assert client.simulate_post(path, body=b"x", headers=headers).status_code == 204
        if method == "PATCH":
            assert offset(client, path) == 1
        else:
            assert head(client, path).status_code == 404

    def test_get_ignores_the_method_override(self, client):
        """Following a link must not delete."""
        path = begun(client, 10)
        assert (
            client.simulate_get(path, headers={"X-HTTP-Method-Override": "DELETE"}).status_code
            == 200
        )
        result = client.simulate_post(path, headers={"X-HTTP-Method-Override": "PUT"})
        assert_problem(result, 400, "PATCH or DELETE")
        assert offset(client, path) == 0


class TestNoPicture:
    def test_it_is_refused_as_any_upload_is(self, client):
        path = begun(client, 10)
        assert_problem(patch(client, path, 0, b"no picture"), 415)

    def test_later_requests_get_the_same_failure_until_it_is_forgotten(self, client, store):
        path = begun(client, 10)
        refused = patch(client, path, 0, b"no picture")
        for again in (client.simulate_get(path), patch(client, path, 10, b"")):
            assert_problem(again, 415, refused.json["detail"])
        result = head(client, path)
        assert result.status_code == 415
        assert "upload-offset" not in result.headers
        assert client.simulate_delete(path, headers=TUS).status_code == 204
        assert list(store.list("")) == []

    def test_the_bytes_are_not_stored(self, client, store):
        path = begun(client, 10)
        patch(client, path, 0, b"no picture")
        upload_id = path.split("/")[2]
        assert [s.key for s in store.list("")] == [
            upload_keys.outcome(upload_id),
            upload_keys.record(upload_id),
        ]


class TestWhenThePictureCannotBeMadeYet:
    @pytest.fixture
    def busy(self, monkeypatch):
        """Every picture is turned away, until `undo`."""

        def add(self, staged, metadata, owner):
            raise Overloaded("busy")

        monkeypatch.setattr(Ingest, "add", add)
        return monkeypatch

    def test_the_bytes_stay_and_the_next_request_renders_again(self, client, jpeg, busy):
        path = begun(client, len(jpeg))
        assert_problem(patch(client, path, 0, jpeg), 503, "busy")
        result = head(client, path)
        assert result.status_code == 503
        assert "upload-offset" not in result.headers
        busy.undo()
        assert head(client, path).headers["location"].endswith(image_path(jpeg))
        assert client.simulate_get(image_path(jpeg)).content == jpeg


class TestCreation:
    def test_client_metadata_is_echoed_and_becomes_the_metadata_of_the_picture(self, client, jpeg):
        fields = encoded(
            filename="../photo.jpg",
            title="Köln",
            tags="rhine, dom",
            visibility="public",
            relativePath="null",
        )
        path = begun(client, len(jpeg), Upload_Metadata=f"{fields},is_confidential")
        assert head(client, path).headers["upload-metadata"] == f"{fields},is_confidential"
        patch(client, path, 0, jpeg)
        record = client.simulate_get(f"{image_path(jpeg)}metadata/").json
        assert (record["file_name"], record["title"]) == ("photo.jpg", "Köln")
        assert record["tags"] == ["rhine", "dom"]

    def test_our_own_name_for_the_file_counts_most(self, client):
        fields = encoded(name="c", filename="b", file_name="a")
        assert create(client, 10, Upload_Metadata=fields).json["file_name"] == "a"

    @pytest.mark.parametrize(
        ("note", "words"),
        [
            ("title !!!", "title is not valid base64"),
            ("title QQ", "title is not valid base64"),
            ("title QQ==,title QQ==", "title is given twice"),
            (",", "pairs"),
            ("title QQ==,", "pairs"),
            ("ti\ttle QQ==", "pairs"),
            (encoded(visibility="secret"), "visibility"),
            (encoded(title="x" * 201), "title"),
        ],
    )
    def test_malformed_metadata_is_refused(self, client, store, note, words):
        assert_problem(create(client, 10, Upload_Metadata=note), 400, words)
        assert list(store.list("")) == []

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Upload-Length": "x"},
            {"Upload-Length": "-1"},
            {"Upload-Length": "5", "Upload-Defer-Length": "1"},
            {"Upload-Defer-Length": "0"},
            {"Upload-Length": "5", "Upload-Concat": "partial"},
        ],
    )
    def test_one_size_is_needed(self, client, headers):
        assert_problem(
            client.simulate_post("/uploads/", headers={**TUS, **headers}), 400, "Upload-"
        )

    def test_a_picture_of_no_bytes_is_refused(self, client):
        assert_problem(create(client, 0), 400)

    def test_too_large_is_refused_before_any_byte(self, client):
        assert_problem(create(client, 2**30 + 1), 413)
        assert create(client, 2**30).status_code == 201

    def test_ids_cannot_be_guessed(self, client):
        paths = {begun(client, 10) for _ in range(20)}
        assert len(paths) == 20
        assert all(len(path) == len("/uploads//") + 32 for path in paths)


class TestDeferredLength:
    def test_the_size_can_be_sent_with_a_later_piece(self, client, jpeg):
        path = begun(client, None)
        assert head(client, path).headers["upload-defer-length"] == "1"
        assert "upload-length" not in head(client, path).headers
        patch(client, path, 0, jpeg[:50])
        last = patch(client, path, 50, jpeg[50:], Upload_Length=str(len(jpeg)))
        assert last.headers["location"].endswith(image_path(jpeg))

    def test_the_size_cannot_be_changed(self, client):
        path = begun(client, None)
        patch(client, path, 0, b"12345", Upload_Length="10")
        result = head(client, path)
        assert result.headers["upload-length"] == "10"
        assert "upload-defer-length" not in result.headers
        assert_problem(patch(client, path, 5, b"x", Upload_Length="11"), 409, "10 bytes")
        assert patch(client, path, 5, b"x", Upload_Length="10").status_code == 204

    def test_it_cannot_be_less_than_what_came(self, client):
        path = begun(client, None)
        patch(client, path, 0, b"12345")
        assert_problem(patch(client, path, 5, b"", Upload_Length="4"), 400)

    def test_it_has_the_limit_of_any_picture(self, make_client):
        client = make_client(upload={"max_bytes": 1024}, deep={"max_bytes": 1024})
        path = begun(client, None)
        assert_problem(patch(client, path, 0, b"", Upload_Length="1025"), 413)
        assert patch(client, path, 0, b"x" * 1024).status_code == 204
        assert_problem(patch(client, path, 1024, b"x"), 413)

    def test_an_upload_that_began_with_json_can_go_on_by_tus(self, client, jpeg):
        path = f"/uploads/{client.simulate_post('/uploads/', json={'title': 'T'}).json['id']}/"
        assert head(client, path).headers["upload-defer-length"] == "1"
        patch(client, path, 0, jpeg, Upload_Length=str(len(jpeg)))
        assert client.simulate_get(f"{image_path(jpeg)}metadata/").json["title"] == "T"


class TestCreationWithUpload:
    def test_the_first_bytes_come_along(self, client, jpeg):
        result = create(client, len(jpeg), jpeg[:9])
        assert result.status_code == 201
        assert result.headers["upload-offset"] == "9"
        path = result.headers["location"].removeprefix("http://falconframework.org")
        assert patch(client, path, 9, jpeg[9:]).headers["location"].endswith(image_path(jpeg))

    def test_all_may_be_allowed(self, client, jpeg):
        result = create(client, len(jpeg), jpeg)
        assert (result.status_code, result.headers["upload-offset"]) == (201, str(len(jpeg)))
        assert "/uploads/" in result.headers["location"]
        assert result.json["_links"]["image"]["href"] == image_path(jpeg)
        assert client.simulate_get(image_path(jpeg)).content == jpeg

    def test_too_many_are_refused(self, client):
        assert_problem(create(client, 3, b"1234"), 413)

    def test_other_bodies_than_pieces_are_refused(self, client):
        headers = {**TUS, "Upload-Length": "2", "Content-Type": "application/json"}
        assert_problem(client.simulate_post("/uploads/", body=b"{}", headers=headers), 415, PIECE)


class TestExpiration:
    def test_the_expiry_is_sent_until_the_upload_is_finished(self, client, jpeg):
        created = create(client, len(jpeg))
        path = created.headers["location"].removeprefix("http://falconframework.org")
        expires = created.headers["upload-expires"]
        day = timedelta(seconds=86_400)
        assert abs(parsedate_to_datetime(expires) - datetime.now(UTC) - day) < timedelta(minutes=5)
        assert patch(client, path, 0, jpeg[:5]).headers["upload-expires"] == expires
        assert head(client, path).headers["upload-expires"] == expires
        assert "upload-expires" not in patch(client, path, 5, jpeg[5:]).headers

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "PUT", "DELETE"])
    def test_expired_links_are_gone(self, client, store, method):
        path = begun(client, 10)
        patch(client, path, 0, b"12345")
        key = upload_keys.record(path.split("/")[2])
        upload = json_objects.read(store, key, ResumableUpload).model_copy(
            update={"expires": datetime.now(UTC)}
        )
        store.put(key, io.BytesIO(upload.model_dump_json().encode()), media_type="")
        headers = {**TUS, "Content-Type": PIECE, "Upload-Offset": "5"}
        result = client.simulate_request(method, path, headers=headers, body=b"x")
        assert result.status_code == 410
        assert "upload-offset" not in result.headers


class TestTermination:
    def test_an_abandoned_upload_is_gone_with_its_bytes(self, client, store):
        path = begun(client, 10)
        patch(client, path, 0, b"12345")
        result = client.simulate_delete(path, headers=TUS)
        assert (result.status_code, result.content) == (204, b"")
        assert head(client, path).status_code == 404
        assert_problem(patch(client, path, 5, b"x"), 404)
        assert client.simulate_delete(path, headers=TUS).status_code == 404
        assert list(store.list("")) == []


class TestChecksum:
    @pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
    def test_a_piece_with_the_right_checksum_is_stored(self, client, jpeg, algorithm):
        path = begun(client, len(jpeg))
        for start in range(0, len(jpeg), 500):
            piece = jpeg[start : start + 500]
            last = patch(client, path, start, piece, Upload_Checksum=checksum(piece, algorithm))
            assert last.status_code == 204
        assert last.headers["location"].endswith(image_path(jpeg))

    def test_nothing_is_stored_of_a_piece_with_a_wrong_checksum(self, client):
        path = begun(client, 10)
        patch(client, path, 0, b"12")
        wrong = patch(client, path, 2, b"345", Upload_Checksum=checksum(b"346"))
        assert_problem(wrong, 460, "sha1")
        assert offset(client, path) == 2
        assert patch(client, path, 2, b"345", Upload_Checksum=checksum(b"345")).status_code == 204

    def test_nothing_is_stored_of_a_piece_that_breaks_off(self, client):
        path = begun(client, 10)
        sum_ = checksum(b"1234567890")
        broken = patch(client, path, 0, b"12345", Upload_Checksum=sum_, Content_Length="10")
        assert_problem(broken, 400)
        assert offset(client, path) == 0

    @pytest.mark.parametrize("text", ["", "md4 QQ==", "SHA1 QQ==", "sha1", "sha1 !!", "sha1  QQ=="])
    def test_one_that_cannot_be_checked_is_refused(self, client, text):
        path = begun(client, 10)
        assert patch(client, path, 0, b"1", Upload_Checksum=text).status_code in (400, 460)
        assert offset(client, path) == 0

    def test_it_holds_at_creation_too(self, client, jpeg):
        assert_problem(create(client, 9, b"abc", Upload_Checksum=checksum(b"abd")), 460)
        assert create(client, 9, b"abc", Upload_Checksum=checksum(b"abc")).status_code == 201

    def test_more_than_there_is_room_for_is_refused(self, client):
        path = begun(client, 3)
        headers = {
            **TUS,
            "Content-Type": PIECE,
            "Upload-Offset": "0",
            "Upload-Checksum": checksum(b"1234"),
        }
        extras = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
        result = client.simulate_patch(path, body=b"1234", headers=headers, extras=extras)
        assert_problem(result, 413, "3 more bytes")


def checksum(data: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"
