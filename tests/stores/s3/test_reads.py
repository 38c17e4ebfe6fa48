"""Reads and listings, from servers that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from progimage.errors import Conflict, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT
from tests.stores.contract import get, keys, put
from tests.stores.s3.meddler import Environ, fail
from tests.stores.s3server import BUCKET


class TestServersThatDiffer:
    @pytest.mark.parametrize("quoted", [False, True])
    def test_if_match_works_bare_and_quoted(self, store, meddler, quoted):
        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ.get("HTTP_IF_MATCH", "").startswith('"') == quoted:
                return None
            if "HTTP_IF_MATCH" not in environ:
                return None
            return fail(environ, respond, "412 Precondition Failed", "PreconditionFailed")

        meddler.rule = rule
        etag = put(store, "key", b"0").etag
        for body in (b"1", bytes(2_000_000), b"3"):
            etag = put(store, "key", body, etag).etag
            assert get(store, "key") == body
        with pytest.raises(Conflict):
            put(store, "key", b"4", "stale")
        meddler.seen.clear()
        put(store, "key", b"5", etag)
        assert len(meddler.seen) == 1, "it has learnt the form"
        store.delete("key", expect=store.stat("key").etag)
        assert keys(store) == []

    def test_a_server_without_conditional_deletion_deletes_after_comparing(self, store, meddler):
        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ["REQUEST_METHOD"] == "DELETE" and "HTTP_IF_MATCH" in environ:
                return fail(environ, respond, "501 Not Implemented", "NotImplemented")
            return None

        meddler.rule = rule
        first = put(store, "key", b"1").etag
        second = put(store, "key", b"2").etag
        with pytest.raises(Conflict):
            store.delete("key", expect=first)
        store.delete("key", expect=second)
        assert keys(store) == []
        store.deletes_by_etag = True

    def test_a_collision_of_writers_is_tried_again(self, store, meddler):
        """AWS answers 409 when another request to the key was under way."""
        collisions = ["409 Conflict"] * 2

        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ["REQUEST_METHOD"] == "PUT" and collisions:
                return fail(environ, respond, collisions.pop(), "ConditionalRequestConflict")
            return None

        meddler.rule = rule
        put(store, "key", bytes(2_000_000), ABSENT)
        assert store.stat("key").size == 2_000_000

    def test_the_loser_of_a_race_may_be_answered_500(self, store, meddler):
        """So does Ceph 16, to every try, when two swaps meet."""
        etag = put(store, "key", b"old").etag
        put(store, "key", b"winner", etag)

        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ["REQUEST_METHOD"] == "PUT":
                return fail(environ, respond, "500 Internal Server Error", "UnknownError")
            return None

        meddler.rule = rule
        with pytest.raises(Conflict):
            put(store, "key", b"loser", etag)
        with pytest.raises(StoreUnavailable):
            put(store, "key", b"plain")

    def test_a_server_that_always_refuses_what_holds_is_unavailable(self, store, meddler):
        etag = put(store, "key", b"old").etag

        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ["REQUEST_METHOD"] in ("PUT", "DELETE"):
                return fail(environ, respond, "412 Precondition Failed", "PreconditionFailed")
            return None

        meddler.rule = rule
        for act in (
            lambda: put(store, "new", b"x", ABSENT),
            lambda: put(store, "key", b"x", etag),
            lambda: store.delete("key", expect=etag),
        ):
            with pytest.raises(StoreUnavailable, match="condition"):
                act()
        assert get(store, "key") == b"old"

    def test_a_server_that_ignores_ranges_is_refused(self, store, meddler):
        put(store, "key", b"0123456789")

        def rule(environ: Environ, respond: Callable[..., Any]) -> None:
            environ.pop("HTTP_RANGE", None)

        meddler.rule = rule
        with pytest.raises(StoreUnavailable, match="ignores ranges"):
            store.open("key", 3, 4)

    def test_an_object_that_breaks_off_is_a_fault_and_no_short_answer(self, store, meddler):
        put(store, "key", b"0123456789")

        def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
            if environ["REQUEST_METHOD"] != "GET":
                return None
            headers = [
                ("Content-Length", "10"),
                ("ETag", '"x"'),
                ("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT"),
                ("Connection", "close"),
            ]
            respond("200 OK", headers)
            return [b"0123"]

        meddler.rule = rule
        with (
            store.open("key") as reader,
            pytest.raises(StoreUnavailable, match="middle"),
        ):
            list(iter(lambda: reader.read(3), b""))

    def test_the_keys_that_consoles_make_for_folders_are_not_listed(self, store):
        put(store, "a/b")
        for name in ("meddled/a/", "meddled/", "meddled/a//c", "meddled/.x", "meddled-not/y"):
            store.bucket.client.put_object(Bucket=BUCKET, Key=name)
        assert keys(store) == ["a/b"]


def test_a_listing_is_asked_for_when_it_is_read_in_pages_of_a_thousand(store, meddler):
    requested = []

    def rule(environ: Environ, respond: Callable[..., Any]) -> None:
        requested.append(environ["QUERY_STRING"])

    meddler.rule = rule
    for number in range(101):
        put(store, f"{number:03}", b"")
    requested.clear()
    listing = store.list("")
    assert requested == []
    assert len(list(listing)) == 101
    assert [query.partition("max-keys=")[2].partition("&")[0] for query in requested] == ["1000"]


def test_a_server_that_ignores_a_condition_sends_what_one_has_for_nothing(store, meddler):
    etag = put(store, "key", b"body").etag

    def rule(environ: Environ, respond: Callable[..., Any]) -> None:
        environ.pop("HTTP_IF_NONE_MATCH", None)

    assert store.open_if_changed("key", etag) is None
    assert meddler.seen[-1] == ("GET", f'"{etag}"')
    meddler.rule = rule
    assert store.open_if_changed("key", etag) is None


def test_an_absent_object_is_missing_also_where_the_answer_has_no_body(store):
    with pytest.raises(KeyMissing, match="no object 'a/b'"):
        store.stat("a/b")
