"""Puts and deletions whose answers are lost, that collide, or have no conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from progimage.errors import Conflict
from progimage.stores import ABSENT
from progimage.stores.s3.store import S3Store
from tests.stores.contract import get, keys, put
from tests.stores.s3.meddler import Environ, fail, lose_first_answer
from tests.stores.s3server import BUCKET


class TestLostAnswers:
    @pytest.mark.parametrize("body", [b"", b"mine", bytes(2_000_000)], ids=len)
    def test_a_creation_whose_answer_was_lost_succeeds(self, store, meddler, body):
        """boto3 sends it again and meets its own object: no conflict, but success."""
        lose_first_answer(meddler, "PUT")
        stat = put(store, "key", body, ABSENT)
        assert stat == store.stat("key")
        assert get(store, "key") == body
        assert [method for method, _ in meddler.seen].count("PUT") == 2

    def test_a_swap_whose_answer_was_lost_succeeds(self, store, meddler):
        old = put(store, "key", b"old").etag
        lose_first_answer(meddler, "PUT")
        stat = put(store, "key", b"new", old)
        assert stat.etag == store.stat("key").etag
        assert get(store, "key") == b"new"

    def test_a_swap_for_equal_bytes_whose_answer_was_lost_succeeds(self, store, meddler):
        old = put(store, "key", b"same").etag
        lose_first_answer(meddler, "PUT")
        put(store, "key", b"same", old)
        assert get(store, "key") == b"same"

    def test_a_creation_of_which_every_answer_was_lost_succeeds(self, store, meddler):
        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ["REQUEST_METHOD"] != "PUT":
                return None
            meddler.carry_out(environ)
            environ.pop("CONTENT_LENGTH", None)
            return fail(environ, respond, "500 Internal Server Error", "InternalError")

        meddler.rule = rule
        put(store, "key", b"mine", ABSENT)
        assert get(store, "key") == b"mine"

    def test_equal_bytes_of_another_writer_are_a_conflict(self, store):
        """Comparing bytes or hashes instead of who wrote them would make both winners."""
        put(store, "key", b"same", ABSENT)
        with pytest.raises(Conflict):
            put(store, "key", b"same", ABSENT)

    def test_a_deletion_on_condition_whose_answer_was_lost_succeeds(self, store, meddler):
        etag = put(store, "key", b"old").etag
        lose_first_answer(meddler, "DELETE")
        store.delete("key", expect=etag)
        assert keys(store) == []

    def test_a_plain_put_whose_answer_was_lost_is_put_again_whole(self, store, meddler):
        lose_first_answer(meddler, "PUT")
        put(store, "key", bytes(range(256)) * 10_000)
        assert get(store, "key") == bytes(range(256)) * 10_000


def test_only_a_large_object_asks_before_it_is_sent(store, meddler):
    """It spares sending what conflicts; for a small one it costs a round trip."""
    expects = []

    def rule(environ: Environ, respond: Callable[..., Any]) -> None:
        expects.append(environ.get("HTTP_EXPECT"))

    meddler.rule = rule
    put(store, "key", b"small")
    put(store, "key", bytes(2_000_000))
    assert expects == [None, "100-continue"]


class TestLastWriterWins:
    """With conditional writes off: compared by us, so that only a race goes wrong."""

    @pytest.fixture
    def unconditional(self, meddled_server, store) -> S3Store:
        _, conditional = meddled_server
        return S3Store(
            BUCKET,
            "meddled",
            endpoint_url=conditional.bucket.client.meta.endpoint_url,
            region="us-east-1",
            conditional_writes=False,
        )

    def test_no_condition_reaches_the_server(self, unconditional, meddler):
        etag = put(unconditional, "key", b"1", ABSENT).etag
        etag = put(unconditional, "key", b"2", etag).etag
        unconditional.delete("key", expect=etag)
        assert keys(unconditional) == []
        assert {condition for _, condition in meddler.seen} == {None}

    def test_a_condition_that_does_not_hold_is_a_conflict(self, unconditional):
        etag = put(unconditional, "key", b"1").etag
        put(unconditional, "key", b"2")
        for expect in (ABSENT, etag):
            with pytest.raises(Conflict):
                put(unconditional, "key", b"3", expect)
        with pytest.raises(Conflict):
            unconditional.delete("key", expect=etag)
        assert get(unconditional, "key") == b"2"
