"""The start-up probe passes a server that keeps its promises and names what another breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from progimage.errors import ConfigError, Conflict, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT, ObjectStore, Stat, open_raw
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from progimage.stores.probe import prove_conditional_writes, prove_listing
from tests.stores.contract import keys, put
from tests.stores.s3server import App, s3_server, store_url


def test_a_good_store_passes_and_is_left_clean(s3_store):
    put(s3_store, "mine")
    prove_conditional_writes(s3_store)
    assert keys(s3_store) == ["mine"]


def test_a_folder_passes(tmp_path):
    prove_conditional_writes(FilesystemStore(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".locks", ".tmp"]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("HTTP_IF_NONE_MATCH", "this server ignores If-None-Match: \\* on puts"),
        ("HTTP_IF_MATCH", "this server ignores If-Match on puts"),
    ],
)
def test_a_server_that_ignores_a_header_is_named(aws_credentials, header, complaint):
    def ignoring(app: App) -> App:
        def without_header(environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
            environ.pop(header, None)
            return app(environ, respond)

        return without_header

    with s3_server(ignoring) as endpoint:
        store = open_raw(store_url(endpoint, "probed"))
        with pytest.raises(ConfigError, match=complaint) as caught:
            prove_conditional_writes(store)
        assert keys(store) == []
    assert "atomic" in str(caught.value)


def test_a_server_that_lacks_if_match_is_named(aws_credentials):
    def lacking(app: App) -> App:
        def answer(environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "PUT" and "HTTP_IF_MATCH" in environ:
                environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                respond("501 Not Implemented", [("Content-Length", "0")])
                return [b""]
            return app(environ, respond)

        return answer

    with s3_server(lacking) as endpoint:
        store = open_raw(store_url(endpoint, "probed"))
        with pytest.raises(ConfigError, match="If-Match"):
            prove_conditional_writes(store)


class CheckThenWrite(MemoryStore):
    """Checks the condition, lets another writer come between, then writes."""

    def __init__(self, racy: Callable[[str], bool]) -> None:
        super().__init__()
        self._racy = racy
        self._meeting = threading.Barrier(2)

    def put(self, key: str, source: Any, *, media_type: str, expect: str | None = None) -> Stat:
        if expect is not None and self._racy(expect):
            try:
                current = self.stat(key).etag
            except KeyMissing:
                current = ABSENT
            if current != expect:
                raise Conflict
            try:
                self._meeting.wait(timeout=0.2)
            except threading.BrokenBarrierError:
                self._meeting.reset()
            expect = None
        return super().put(key, source, media_type=media_type, expect=expect)


@pytest.mark.parametrize(
    ("racy", "header"),
    [
        (lambda expect: expect == ABSENT, "If-None-Match: \\*"),
        (lambda expect: expect != ABSENT, "If-Match"),
    ],
)
def test_a_server_that_checks_and_then_writes_loses_the_race(racy, header):
    store = CheckThenWrite(racy)
    with pytest.raises(ConfigError, match=f"writers with the same {header} succeed"):
        prove_conditional_writes(store)
    assert keys(store) == []


def test_every_fault_is_named_at_once():
    with pytest.raises(ConfigError, match=r"same If-None-Match.* and .*same If-Match succeed"):
        prove_conditional_writes(CheckThenWrite(lambda expect: True))


class Unlisted(MemoryStore):
    """Lists in its own way."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self._fault = fault
        self._deleted: list[Stat] = []

    def delete(self, key: str, *, expect: str | None = None) -> None:
        if self._fault == "deleted":
            self._deleted.append(self.stat(key))
        super().delete(key, expect=expect)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        found = list(super().list(prefix, "" if self._fault == "after" else after))
        if self._fault == "late":
            found = found[:-1]
        if self._fault == "order":
            found.sort(key=lambda stat: stat.key.casefold())
        return iter([*self._deleted, *found])


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("late", "does not list at once and in order"),
        ("order", "does not list at once and in order"),
        ("after", "ignores where a listing is to begin"),
        ("deleted", "still lists what was deleted"),
    ],
)
def test_a_server_that_lists_wrongly_is_named(fault, complaint):
    with pytest.raises(ConfigError, match=complaint):
        prove_listing(Unlisted(fault))


def test_a_server_that_lists_well_passes_and_is_left_clean(s3_store):
    prove_listing(s3_store)
    assert keys(s3_store) == []


class Refusing(MemoryStore):
    """Answers every condition of one kind with a conflict."""

    def __init__(self, refused: Callable[[str], bool]) -> None:
        super().__init__()
        self._refused = refused

    def put(self, key: str, source: Any, *, media_type: str, expect: str | None = None) -> Stat:
        if expect is not None and self._refused(expect):
            raise Conflict
        return super().put(key, source, media_type=media_type, expect=expect)


@pytest.mark.parametrize(
    ("refused", "complaint"),
    [
        (lambda expect: expect == ABSENT, "rejects If-None-Match: \\* although the key is new"),
        (lambda expect: expect != ABSENT, "rejects If-Match although the etag is the current one"),
    ],
)
def test_a_server_that_refuses_what_holds_is_named(refused, complaint):
    with pytest.raises(ConfigError, match=complaint):
        prove_conditional_writes(Refusing(refused))


def test_a_server_that_does_not_answer_is_unavailable_and_not_called_broken():
    class Silent(MemoryStore):
        def put(self, *_: object, **__: object) -> Stat:
            raise StoreUnavailable("the S3 server cannot be reached")

        def delete(self, *_: object, **__: object) -> None:
            raise StoreUnavailable("the S3 server cannot be reached")

    store: ObjectStore = Silent()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        prove_conditional_writes(store)
