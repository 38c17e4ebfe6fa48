"""The clients with a server that is busy, breaks connections, or is another service."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from progimage.client import (
    Changed,
    Client,
    NotFound,
    RateLimited,
    Retries,
    ServerError,
    TimedOut,
    Tokens,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from tests.client.conftest import QUICK
from tests.client.scripted import CUT, Reply, Seen, busy, scripted
from tests.closed_port import closed_port

ID = "a" * 64
RECORD = {
    "id": ID,
    "owner": "",
    "revision": 1,
    "sha256": ID,
    "size_bytes": 5,
    "media_type": "image/png",
    "width": 1,
    "height": 1,
    "frames": 1,
    "orientation": 1,
    "has_alpha": False,
    "dominant_colour": "#000000",
    "placeholder": "",
    "file_name": "",
    "created": "2026-01-01T00:00:00Z",
    "modified": "2026-01-01T00:00:00Z",
    "title": "",
    "description": "",
    "tags": [],
    "visibility": "public",
}
PENDING = {"id": "j1", "status": "pending", "uploaded": {"pending": [1], "complete": []}}
COMPLETE = {
    "id": "j1",
    "status": "complete",
    "counts": {"total": 3, "pending": 0, "complete": 2, "failed": 1},
    "uploaded": {"pending": [], "complete": [{"url": "a"}, {"url": "b"}], "failed": []},
    "next": "/jobs/j1/?cursor=2",
}
REST = {**COMPLETE, "uploaded": {"failed": [{"url": "c", "error": "no"}]}, "next": None}


def gone(status: int) -> Reply:
    """What a proxy answers when the server behind it ends."""
    return busy(status, **{"Retry-After": "0"})


@pytest.mark.parametrize(
    "trouble", [busy(503), busy(429), gone(502), gone(504), CUT, Reply(body=b"{" * 50, cut=9)]
)
def test_an_upload_is_retried(call, trouble):
    with scripted([trouble, trouble, Reply(201, RECORD)]) as server:
        image = call(server.url, lambda client: client.upload(b"bytes", title="A title"))
    assert image.id == ID
    assert image.is_new
    assert len({seen.body.count(b"A title") for seen in server.seen}) == 1
    assert len(server.seen) == 3


def test_retries_end_after_the_set_number_of_attempts(call):
    with scripted([busy()] * 9) as server:
        with pytest.raises(Unavailable, match="Too busy: come back"):
            call(server.url, lambda client: client.get(ID))
        assert len(server.seen) == QUICK.attempts
    with scripted([CUT] * 9) as server:
        with pytest.raises(Unreachable):
            call(server.url, lambda client: client.get(ID))
        assert len(server.seen) == QUICK.attempts


def test_a_request_that_is_not_repeatable_is_not_sent_again_after_a_broken_connection(call):
    with scripted([CUT, Reply(202, PENDING)]) as server:
        with pytest.raises(Unreachable):
            call(server.url, lambda client: client.import_urls(["http://x/y.png"]))
        assert len(server.seen) == 1
    with scripted([busy(), Reply(202, PENDING)]) as server:
        job = call(server.url, lambda client: client.import_urls(["http://x/y.png"]))
    assert job.status == "pending"


def test_a_request_that_is_not_repeatable_is_not_sent_again_after_the_error_of_a_proxy(call):
    with scripted([gone(502), Reply(202, PENDING)]) as server:
        with pytest.raises(ServerError):
            call(server.url, lambda client: client.import_urls(["http://x/y.png"]))
        assert len(server.seen) == 1


def test_the_error_of_another_server_is_not_retried(call):
    with scripted([busy(502)]) as server:
        with pytest.raises(ServerError):
            call(server.url, lambda client: client.get(ID))
        assert len(server.seen) == 1


def test_the_pause_honours_retry_after_and_is_random_within_its_bound():
    retries = Retries(attempts=5, backoff_s=1, max_backoff_s=3, max_wait_s=10)
    for tries, bound in [(1, 1), (2, 2), (3, 3), (4, 3)]:
        pauses = {retries.pause_s(tries) for _ in range(50)}
        assert len(pauses) > 1
        assert all(0 <= pause <= bound for pause in pauses)
        assert all(7 <= retries.pause_s(tries, 7) <= 7 + bound for _ in range(50))
    assert retries.pause_s(5) is None
    assert retries.pause_s(1, 11) is None


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_retry_after_above_the_limit_is_an_error_at_once(call, form):
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with scripted([busy(429, **{"Retry-After": "3000" if form == "seconds" else later})]) as server:
        with pytest.raises(RateLimited) as raised:
            call(server.url, lambda client: client.get(ID))
        assert raised.value.retry_after_s == pytest.approx(3300, abs=400)


@pytest.mark.parametrize("nonsense", ["soon", "-1", "1e9", "Mon, 99 Foo 2026 00:00:00 GMT", ""])
def test_an_invalid_retry_after_is_ignored(nonsense):
    with (
        scripted([busy(503, **{"Retry-After": nonsense}), Reply(200, RECORD)]) as server,
        Client(server.url, retries=QUICK) as client,
    ):
        assert client.get(ID).id == ID


def test_a_broken_download_starts_again_and_the_file_is_complete(call, tmp_path):
    picture = bytes(range(256)) * 4000
    target = tmp_path / "picture"
    with scripted([Reply(body=picture, cut=300_000), Reply(body=picture)]) as server:
        saved = call(server.url, lambda client: client.save(ID, target))
    assert (saved.size_bytes, saved.media_type) == (len(picture), "application/json")
    assert target.read_bytes() == picture


def test_a_failed_download_leaves_the_existing_file(call, tmp_path):
    target = tmp_path / "picture"
    target.write_bytes(b"old")
    with scripted([Reply(body=b"x" * 99, cut=50)] * 9) as server, pytest.raises(Unreachable):
        call(server.url, lambda client: client.save(ID, target))
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_stream_of_the_caller_never_gets_bytes_twice(call):
    stream = io.BytesIO()
    with scripted([Reply(body=b"x" * 99, cut=50)] * 2) as server:
        with pytest.raises(Unreachable):
            call(server.url, lambda client: client.save(ID, stream))
        assert len(server.seen) == 1
    assert len(stream.getvalue()) <= 50


def test_a_deletion_whose_response_was_lost_has_succeeded(call):
    with scripted([CUT, busy(404)]) as server:
        assert call(server.url, lambda client: client.delete(ID)) is None
    with scripted([busy(404)]) as server, pytest.raises(NotFound):
        call(server.url, lambda client: client.delete(ID))


def test_an_edit_by_id_is_repeated_on_top_of_an_edit_by_another(call):
    def version(name: str) -> Reply:
        return Reply(200, RECORD, {"ETag": name})

    replies = [version('"1"'), busy(412), version('"2"'), Reply(200, {**RECORD, "title": "New"})]
    with scripted(replies) as server:
        image = call(server.url, lambda client: client.edit(ID, title="New"))
    assert image.title == "New"
    assert [seen.headers.get("if-match") for seen in server.seen] == [None, '"1"', None, '"2"']


def test_an_edit_of_an_image_fails_if_it_was_changed_meanwhile():
    newer = Reply(200, {**RECORD, "revision": 2}, {"ETag": '"2"'})
    with scripted([Reply(200, RECORD), newer]) as server, Client(server.url) as client:
        image = client.get(ID)
        with pytest.raises(Changed):
            image.edit(title="New")


def test_an_expired_token_is_refreshed_and_the_call_repeated(call):
    renewed = {"access_token": "new", "token_type": "bearer", "expires_in": 900}
    with scripted([busy(401), Reply(201, renewed), Reply(200, RECORD)]) as server:
        tokens = Tokens("old", "refresh")
        assert call(server.url, lambda client: client.get(ID), token=tokens).id == ID
    assert [seen.headers.get("authorization") for seen in server.seen] == [
        "Bearer old",
        None,
        "Bearer new",
    ]
    assert json.loads(server.seen[1].body) == {"refresh_token": "refresh"}


def test_calls_in_parallel_refresh_an_expired_token_once(call):
    """A refresh token works once; a second use would end the session."""
    granted = {"access_token": "new", "refresh_token": "next", "expires_in": 900}

    def answer(seen: Seen) -> Reply:
        if seen.path == "/tokens/":
            return Reply(201, granted)
        is_new = seen.headers["authorization"] == "Bearer new"
        return Reply(201, RECORD) if is_new else busy(401)

    with scripted(answer) as server:
        done = call(
            server.url,
            lambda client: client.upload_many([b"bytes"] * 24, concurrency=8),
            token=Tokens("old", "refresh"),
        )
    assert all(item.image for item in done)
    [refresh] = [seen for seen in server.seen if seen.path == "/tokens/"]
    assert json.loads(refresh.body) == {"refresh_token": "refresh"}


def test_without_a_refresh_token_there_is_one_request(call):
    with scripted([busy(401), Reply(200, RECORD)]) as server:
        with pytest.raises(Unauthorized):
            call(server.url, lambda client: client.get(ID), token="old")
        assert len(server.seen) == 1


def test_secrets_are_not_in_a_repr():
    with Client("http://127.0.0.1:1", token=Tokens("secret-a", "secret-b")) as client:
        assert "secret" not in repr(client) + repr(client.tokens)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, body=b"<html>hello</html>", headers={"Content-Type": "text/html"}),
        Reply(200, body=[1]),
        Reply(200, body={**RECORD, "width": "wide"}),
        Reply(200, body={**RECORD, "created": "yesterday"}),
    ],
)
def test_another_service_at_the_address_is_an_unexpected_answer(call, reply):
    with scripted([reply]) as server, pytest.raises(UnexpectedAnswer):
        call(server.url, lambda client: client.get(ID))


@pytest.mark.parametrize("where", ["https://evil.example/x", "//evil.example/x", "x", 5])
def test_a_token_is_never_sent_to_another_server(call, where):
    with scripted([Reply(200, {"data": [], "next": where})]) as server:
        with pytest.raises(UnexpectedAnswer):
            call(server.url, lambda client: client.search(), token="secret")
        assert len(server.seen) == 1


def test_a_closed_port_is_unreachable(call):
    with closed_port() as url, pytest.raises(Unreachable):
        call(url, lambda client: client.get(ID))


def test_waiting_for_a_job_reports_its_progress():
    reports = []
    with (
        scripted(
            [Reply(202, PENDING), Reply(200, PENDING), busy(), Reply(200, COMPLETE)]
        ) as server,
        Client(server.url, retries=QUICK) as client,
    ):
        job = client.import_urls(["http://x/y.png"]).wait(progress=reports.append)
    assert job.is_over
    assert (job.total, job.complete, job.failed) == (3, 2, 1)
    assert [item.status for item in reports] == ["pending", "complete"]


def test_the_items_of_a_job_come_in_pages():
    with (
        scripted([Reply(200, COMPLETE), Reply(200, COMPLETE), Reply(200, REST)]) as server,
        Client(server.url, retries=QUICK) as client,
    ):
        items = list(client.job("j1").items())
    assert [item["url"] for item in items] == ["a", "b", "c"]
    assert server.seen[2].path == "/jobs/j1/?cursor=2"


def test_logging_in_and_out(call):
    def log_in(client):
        return client.login("ada", "secret")

    granted = {"access_token": "t", "refresh_token": "r", "session": "s1", "expires_in": 900}
    with scripted([Reply(200, granted), Reply(204)]) as server:
        tokens = call(server.url, log_in)
        call(server.url, lambda client: client.logout(), token=tokens)
    assert json.loads(server.seen[0].body) == {"username": "ada", "password": "secret"}
    assert (server.seen[1].method, server.seen[1].path) == ("DELETE", "/tokens/s1/")


def test_waiting_for_a_job_ends_after_the_timeout():
    with (
        scripted([Reply(202, PENDING), Reply(200, PENDING)]) as server,
        Client(server.url, retries=QUICK) as client,
        pytest.raises(TimedOut, match="continues on the server"),
    ):
        client.prerender([ID], ["thumbnail"]).wait(timeout_s=0)
