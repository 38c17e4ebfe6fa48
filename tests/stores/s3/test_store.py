"""The S3 store keeps the contract, also where answers get lost and servers differ."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from progimage.errors import Conflict, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT, open_raw
from progimage.stores.s3.hedging import AT_ONCE
from progimage.stores.s3.store import S3Store
from tests.stores.contract import ConditionalOpens, get, keys, put
from tests.stores.s3server import BUCKET, App, s3_server, store_url
from tests.stores.shared_contract import SharedStoreContract
from tests.system.s3.real import REAL_SERVER

Environ = dict[str, Any]


class TestS3Store(SharedStoreContract, ConditionalOpens):
    @pytest.fixture
    def store(self, s3_store):
        return s3_store

    @pytest.fixture
    def url(self, s3_url):
        return s3_url

    @pytest.mark.skipif(
        REAL_SERVER in os.environ,
        reason="Ceph drops a plain put at times that races a conditional one; no key gets both",
    )
    def test_a_swap_never_overwrites_a_plain_put_it_has_not_seen(self, store):
        super().test_a_swap_never_overwrites_a_plain_put_it_has_not_seen(store)


class Meddler:
    """Stands before the server; `rule` may answer a request in its place, or return None."""

    def __init__(self) -> None:
        self.rule: Callable[[Environ, Callable[..., Any]], Iterable[bytes] | None] | None = None
        self.seen: list[tuple[str, str | None]] = []

    def before(self, app: App) -> App:
        self.app = app

        def meddle(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes]:
            condition = environ.get("HTTP_IF_MATCH") or environ.get("HTTP_IF_NONE_MATCH")
            self.seen.append((environ["REQUEST_METHOD"], condition))
            answer = self.rule(environ, respond) if self.rule else None
            return app(environ, respond) if answer is None else answer

        return meddle

    def carry_out(self, environ: Environ) -> None:
        """Let the server act on the request, and throw its answer away."""
        list(self.app(environ, lambda *_: None))


@pytest.fixture(scope="module")
def meddled_server(aws_credentials: None) -> Iterator[tuple[Meddler, S3Store]]:
    meddler = Meddler()
    with s3_server(meddler.before) as endpoint:
        store = open_raw(store_url(endpoint, "meddled"))
        assert isinstance(store, S3Store)
        yield meddler, store


@pytest.fixture
def meddler(meddled_server: tuple[Meddler, S3Store]) -> Iterator[Meddler]:
    meddler, _ = meddled_server
    yield meddler
    meddler.rule = None


@pytest.fixture
def store(meddled_server: tuple[Meddler, S3Store], meddler: Meddler) -> S3Store:
    _, store = meddled_server
    for stat in store.list(""):
        store.delete(stat.key)
    meddler.seen.clear()
    return store


def fail(environ: Environ, respond: Callable[..., Any], status: str, code: str = "") -> list[bytes]:
    if length := environ.get("CONTENT_LENGTH"):
        environ["wsgi.input"].read(int(length))
    body = f"<Error><Code>{code}</Code><Message>hush</Message></Error>".encode() if code else b""
    respond(status, [("Content-Length", str(len(body))), ("Content-Type", "application/xml")])
    return [body]


def lose_first_answer(meddler: Meddler, method: str) -> None:
    """Carry out the next request of `method`, but answer 500 as an overloaded server may."""
    lost = []

    def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] != method or lost:
            return None
        lost.append(True)
        meddler.carry_out(environ)
        environ.pop("CONTENT_LENGTH", None)
        return fail(environ, respond, "500 Internal Server Error", "InternalError")

    meddler.rule = rule


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
        store.writes.deletes_by_etag = True

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


def test_only_a_large_object_asks_before_it_is_sent(store, meddler):
    """It spares sending what conflicts; for a small one it costs a round trip."""
    expects = []

    def rule(environ: Environ, respond: Callable[..., Any]) -> None:
        expects.append(environ.get("HTTP_EXPECT"))

    meddler.rule = rule
    put(store, "key", b"small")
    put(store, "key", bytes(2_000_000))
    assert expects == [None, "100-continue"]


def test_a_presigned_url_serves_the_object_as_the_media_type(store):
    put(store, "a b+c", b"picture")
    url = store.presigned_url("a b+c", expires_s=60, media_type="image/webp")
    with urlopen(url) as answer:  # noqa: S310 (an http URL of our own making)
        assert answer.read() == b"picture"
        assert answer.headers["Content-Type"] == "image/webp"


def test_the_media_type_is_stored_for_readers_of_the_bucket(store):
    put(store, "key")
    answer = store.bucket.client.head_object(Bucket=BUCKET, Key="meddled/key")
    assert answer["ContentType"] == "text/plain"


def test_a_forked_child_has_connections_of_its_own(store, monkeypatch):
    client = store.bucket.client
    assert store.bucket.client is client
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert store.bucket.client is not client


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        ("503 Slow Down", "SlowDown", "asks to slow down"),
        ("503 Service Unavailable", "", "is unavailable"),
        ("500 Internal Server Error", "InternalError", "the S3 server answered 500"),
        ("403 Forbidden", "AccessDenied", "denies access"),
        ("403 Forbidden", "InvalidAccessKeyId", "does not know the access key"),
        ("403 Forbidden", "SignatureDoesNotMatch", "rejects the secret key"),
        ("400 Bad Request", "ExpiredToken", "credentials have expired"),
        ("403 Forbidden", "RequestTimeTooSkewed", "clock differs"),
        ("404 Not Found", "NoSuchBucket", "bucket does not exist"),
        ("507 Insufficient Storage", "", "disks are full"),
        ("418 I am a teapot", "hush, not a code", "the S3 server answered 418"),
    ],
)
def test_a_refusal_is_unavailability_that_names_the_fault(
    store, meddler, monkeypatch, status, code, fault
):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    meddler.rule = lambda environ, respond: fail(environ, respond, status, code)
    for act in (
        lambda: put(store, "key"),
        lambda: put(store, "key", b"x", ABSENT),
        lambda: store.open("key"),
        lambda: store.delete("key"),
        lambda: keys(store),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            act()
        assert fault in str(caught.value)
        assert "hush" not in str(caught.value)


def test_a_bucket_that_does_not_exist_is_unavailable_and_not_empty(store, s3_server_url):
    other = open_raw(s3_server_url.replace(BUCKET, "no-such-bucket"))
    for act in (lambda: put(other, "key"), lambda: keys(other), lambda: other.open("key")):
        with pytest.raises(StoreUnavailable, match="bucket does not exist"):
            act()


@pytest.fixture
def s3_server_url(store: S3Store) -> str:
    return store_url(store.bucket.client.meta.endpoint_url, "meddled")


def test_a_server_that_is_not_there_is_unavailable(aws_credentials):
    store = open_raw(store_url("http://127.0.0.1:1", "x"))
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.stat("key")


def test_a_server_that_never_answers_is_unavailable_after_the_timeout(
    store, meddler, s3_server_url
):
    released = threading.Event()

    def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes]:
        released.wait(30)
        return fail(environ, respond, "503 Service Unavailable")

    meddler.rule = rule
    hasty = open_raw(s3_server_url.replace("read_timeout_s=30", "read_timeout_s=0.05"))
    try:
        with pytest.raises(StoreUnavailable, match="in time"):
            hasty.stat("key")
    finally:
        released.set()
    assert [method for method, _ in meddler.seen] == ["HEAD"] * 3


def test_missing_credentials_are_unavailability_that_says_how_to_give_them(
    store, s3_server_url, monkeypatch, tmp_path
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="set AWS_ACCESS_KEY_ID"):
        keys(open_raw(s3_server_url))


def test_an_absent_object_is_missing_also_where_the_answer_has_no_body(store):
    with pytest.raises(KeyMissing, match="no object 'a/b'"):
        store.stat("a/b")


def test_the_pool_is_as_large_as_the_threads_and_the_second_requests(aws_credentials):
    for hedged, connections in ((True, 40 + AT_ONCE), (False, 40)):
        store = S3Store("bucket", region="us-east-1", threads=40, hedged_reads=hedged)
        assert store.bucket.client.meta.config.max_pool_connections == connections


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
