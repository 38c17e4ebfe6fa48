"""An S3 server that falls silent delays no call beyond the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from progimage.errors import StoreUnavailable
from progimage.stores import ABSENT, open_raw
from progimage.stores.deadline import deadline
from progimage.stores.s3.circuit_breaker import CircuitBreaker
from progimage.stores.s3.store import S3Store
from tests.stores.contract import keys, put
from tests.stores.s3server import store_url

# Enough for a busy machine, and half of what boto3 would wait by itself.
SOON_S = 15.0

HEAD = (
    b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: "x"\r\n'
    b"Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n"
)


class SilentServer:
    """Takes connections and requests, and sends only the given bytes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "http://{}:{}".format(*self._listener.getsockname())
        self.says = b""
        self.requests = 0
        self._open: list[socket.socket] = []

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._open)

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._open:
            client.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            while data := client.recv(65_536):
                self.requests += data.count(b"HTTP/1.1\r\n")
                if self.says:
                    client.sendall(self.says)
        except OSError:
            return


@pytest.fixture(scope="module")
def running(aws_credentials: None) -> Iterator[tuple[SilentServer, S3Store]]:
    server = SilentServer()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    store = open_raw(store_url(server.endpoint, "silent"), deadline_s=1, hedged_reads=False)
    assert isinstance(store, S3Store)
    yield server, store
    server.close()
    thread.join()


@pytest.fixture
def server(running: tuple[SilentServer, S3Store]) -> SilentServer:
    server, _ = running
    server.says, server.requests = b"", 0
    return server


@pytest.fixture
def store(running: tuple[SilentServer, S3Store]) -> S3Store:
    """A store that has not noticed anything yet."""
    _, store = running
    store.bucket.breaker = CircuitBreaker()
    return store


@contextmanager
def soon() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON_S


CALLS: dict[str, Callable[[S3Store], object]] = {
    "put": lambda store: put(store, "key", b"small"),
    "large put": lambda store: put(store, "key", bytes(9 << 20)),
    "create": lambda store: put(store, "key", b"small", ABSENT),
    "open": lambda store: store.open("key"),
    "open if changed": lambda store: store.open_if_changed("key", "x"),
    "stat": lambda store: store.stat("key"),
    "delete": lambda store: store.delete("key"),
    "conditional delete": lambda store: store.delete("key", expect="x"),
    "list": keys,
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_ends_within_the_deadline(store, server, name):
    with soon(), pytest.raises(StoreUnavailable):
        CALLS[name](store)


def test_calls_of_one_request_share_it_and_the_last_are_not_made(store, server):
    with soon(), deadline(1) as budget:
        for name in ("open", "put", "stat", "list", "delete") * 3:
            with pytest.raises(StoreUnavailable):
                CALLS[name](store)
        assert budget.left_s <= 0
        made = server.requests
        with pytest.raises(StoreUnavailable, match="1 seconds"):
            store.stat("key")
    assert server.requests == made


def test_a_silent_store_soon_gets_no_more_calls(running, server):
    store = open_raw(
        store_url(server.endpoint, "x").replace("read_timeout_s=30", "read_timeout_s=1.2"),
        deadline_s=3,
    )

    def fault(name: str) -> str:
        with pytest.raises(StoreUnavailable) as caught:
            CALLS[name](store)
        return str(caught.value)

    with soon(), ThreadPoolExecutor(3) as threads:
        assert not any(
            "stopped" in message for message in threads.map(fault, ("stat", "put", "list"))
        )
        refused = ["stopped answering" in message for message in threads.map(fault, ["stat"] * 3)]
    assert refused.count(True) >= 2, "all but the trial"


def test_an_object_that_stops_coming_is_given_up(store, server):
    server.says = HEAD + b"01234"
    with soon(), store.open("key") as reader:
        assert reader.read(5) == b"01234"
        with pytest.raises(StoreUnavailable):
            reader.read(5)


def test_reads_after_the_request_have_their_own_time(store, server):
    server.says = HEAD + b"0123456789"
    with deadline(1):
        reader = store.open("key")
        server.says = b""
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                store.stat("key")
    with reader:
        assert reader.read() == b"0123456789"


def test_a_request_that_got_no_answer_is_sent_again(running, server):
    """The first connection is dead, as after a router forgot it; the second is not."""
    store = open_raw(
        store_url(server.endpoint, "x").replace("read_timeout_s=30", "read_timeout_s=0.3"),
        hedged_reads=False,
    )
    threading.Timer(0.15, lambda: setattr(server, "says", HEAD)).start()
    with soon():
        assert store.stat("key").size == 10


@pytest.mark.parametrize("rest", [b"0123456789", b""], ids=["sent", "never sent"])
def test_a_small_object_that_is_never_read_costs_no_connection(store, server, rest):
    server.says = HEAD + rest
    store.open("key").close()
    before = server.connections
    with soon():
        for _ in range(5):
            store.open("key").close()
    assert server.connections - before == (0 if rest else 5)
