"""Sending pictures to a server that behaves as Imgur's does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from progimage.config import Publish
from progimage.errors import Overloaded, PublishFailed
from progimage.jobs.publish.destination import Published
from progimage.jobs.publish.destinations import DESTINATIONS, destinations
from progimage.jobs.publish.imgur import Imgur
from progimage.model import Record
from tests.candidates import stored_record
from tests.clock import Clock
from tests.jobs.publish.imgur_server import CLIENT_ID, FakeImgur, error, fake_imgur, success


@pytest.fixture(scope="module")
def server() -> Iterator[FakeImgur]:
    with fake_imgur() as imgur:
        yield imgur


@pytest.fixture
def imgur(server) -> FakeImgur:
    server.uploads, server.moods, server.headers, server.posts = [], [], {}, 0
    return server


def opened(imgur: FakeImgur, clock: Clock | None = None, client_id: str = CLIENT_ID) -> Imgur:
    return Imgur(client_id, imgur.address, 5.0, clock or Clock())


def picture(
    data: bytes = b"\xff\xd8bytes\r\n", size: int | None = None
) -> tuple[Record, Callable[[], bytes]]:
    record = stored_record(
        1,
        size_bytes=len(data) if size is None else size,
        media_type="image/jpeg",
        file_name="été.jpg",
        title="Harbour",
        description="two\nlines",
    )
    return record, lambda: data


def failing(imgur: FakeImgur, mood: int | bytes | None) -> PublishFailed:
    imgur.moods = [mood]
    with pytest.raises(PublishFailed) as caught:
        opened(imgur).publish(*picture(), "")
    assert "secret" not in str(caught.value)
    return caught.value


def test_a_picture_is_sent_with_its_metadata(imgur):
    done = opened(imgur).publish(*picture(), "albumhash")
    link = "https://i.imgur.com/pic0001.jpg"
    assert done == Published(to="imgur", id="pic0001", link=link, delete_hash="hash0001")
    [upload] = imgur.uploads
    assert upload.data == b"\xff\xd8bytes\r\n"
    assert upload.fields == {
        "type": "file",
        "name": "été.jpg",
        "title": "Harbour",
        "description": "two\nlines",
        "album": "albumhash",
    }


def test_there_is_a_destination_only_with_an_account(imgur):
    assert destinations(Publish()) == {}
    settings = Publish(imgur_client_id=CLIENT_ID, imgur_api=imgur.address)
    assert destinations(settings).keys() == DESTINATIONS.keys()


@pytest.mark.parametrize("status", [500, 502, 503])
def test_trouble_at_the_other_end_may_pass(imgur, status):
    imgur.headers = {"Retry-After": "7"}
    failed = failing(imgur, status)
    assert (failed.retryable, failed.retry_after_s) == (True, 7)


@pytest.mark.parametrize("status", [400, 404, 413, 302])
def test_a_picture_that_is_not_taken_is_not_sent_again(imgur, status):
    failed = failing(imgur, status)
    assert not failed.retryable
    assert str(status) in str(failed)


def test_a_wrong_client_id_is_reported(imgur):
    with pytest.raises(PublishFailed, match="client id") as caught:
        opened(imgur, client_id="wrong").publish(*picture(), "")
    assert not caught.value.retryable
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"data": null, "success": true, "status": 200}',
        b'{"data": {"id": "a", "link": "javascript:alert(1)"}, "success": true, "status": 200}',
        b'{"data": {"id": "a/../b", "link": "https://i.imgur.com/a.jpg"}, "success": true}',
        b'{"data": {"id": 7, "link": 7}, "success": true, "status": 200}',
        success(1).replace(b"true", b"false"),
        error(400),
        b"[" * 50_000,
        b"x" * 100_000,
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_and_no_reason_to_send_again(imgur, body):
    assert not failing(imgur, body).retryable


def test_a_connection_that_breaks_may_be_tried_again(imgur):
    assert failing(imgur, None).retryable
    unreachable = Imgur(CLIENT_ID, "http://127.0.0.1:9", 5.0)
    with pytest.raises(PublishFailed, match="reached") as caught:
        unreachable.publish(*picture(), "")
    assert caught.value.retryable


def test_a_picture_that_is_too_large_is_not_even_read(imgur):
    with pytest.raises(PublishFailed, match="at most 20,000,000 bytes"):
        opened(imgur).publish(*picture(size=20_000_001), "")
    assert imgur.posts == 0


@pytest.mark.parametrize(
    ("mood", "headers", "pause_s"),
    [
        (429, {"Retry-After": "30"}, 30),
        (429, {}, 60),
        (429, {"X-RateLimit-UserRemaining": "0", "X-RateLimit-UserReset": "1500"}, 500),
        (429, {"Retry-After": "999999"}, 3600),
        (
            json.dumps({"data": {"error": {"code": 429}}, "success": False}).encode(),
            {"Retry-After": "30"},
            30,
        ),
    ],
)
def test_a_requested_pause_is_respected(imgur, clock, mood, headers, pause_s):
    there = opened(imgur, clock)
    imgur.moods, imgur.headers = [mood], headers
    with pytest.raises(Overloaded) as caught:
        there.publish(*picture(), "")
    assert pause_s <= caught.value.retry_after_s <= pause_s + 1
    imgur.headers = {}
    clock.now += pause_s - 1
    with pytest.raises(Overloaded):
        there.publish(*picture(), "")
    assert imgur.posts == 1
    clock.now += 1
    assert there.publish(*picture(), "").id == "pic0001"


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"X-RateLimit-UserRemaining": "9", "X-RateLimit-UserReset": "1100"}, 100),
        ({"X-RateLimit-ClientRemaining": "3"}, 3600),
        ({"X-Post-Rate-Limit-Remaining": "0", "X-Post-Rate-Limit-Reset": "50"}, 50),
    ],
)
def test_credits_that_run_out_are_waited_for_before_they_are_overdrawn(
    imgur, clock, headers, pause_s
):
    there = opened(imgur, clock)
    imgur.headers = headers
    there.publish(*picture(), "")
    with pytest.raises(Overloaded) as caught:
        there.publish(*picture(), "")
    assert pause_s <= caught.value.retry_after_s <= pause_s + 1
    assert imgur.posts == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-UserRemaining": "10", "X-Post-Rate-Limit-Remaining": "1"},
        {"X-RateLimit-UserRemaining": "many", "X-RateLimit-ClientRemaining": "-5"},
        {"X-Post-Rate-Limit-Remaining": "9" * 5000},
    ],
)
def test_unclear_headers_are_ignored(imgur, headers):
    there = opened(imgur)
    imgur.headers = headers
    there.publish(*picture(), "")
    there.publish(*picture(), "")
    assert imgur.posts == 2
