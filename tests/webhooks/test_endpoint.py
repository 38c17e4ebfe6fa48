"""One signed request to a receiver, over real sockets."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from progimage.config import Webhook
from progimage.errors import ConfigError
from progimage.webhooks.endpoint import Endpoint, sign
from tests.closed_port import closed_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUFB" * 8


class Receiver(http.server.ThreadingHTTPServer):
    """Answers each request with `status`, `headers` and `body`; notes what it got."""

    daemon_threads = True
    status, body = 204, b""
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[dict[str, str], bytes]] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        for name, value in self.server.headers:
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # an endless answer is not read
            self.wfile.write(self.server.body)

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def endpoint(receiver: Receiver, **changes: object) -> Endpoint:
    url = f"http://127.0.0.1:{receiver.server_port}/hook?token=t"
    settings = {"url": url, "secret": SECRET, "allow_private_addresses": True, **changes}
    return Endpoint("shop", Webhook.model_validate(settings))


def test_the_signature_is_that_of_the_standard():
    """The example of the reference libraries' tests."""
    keys = Webhook(url="https://a.example/", secret=SECRET).keys
    signature = sign(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_arrives_with_id_time_and_signature(receiver):
    payload = json.dumps({"id": "evt_1"}).encode()
    assert not endpoint(receiver, old_secret=OTHER).send("evt_1", payload).error
    [(headers, body)] = receiver.requests
    assert body == payload
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "evt_1"
    keys = Webhook(url="https://a.example/", secret=SECRET, old_secret=OTHER).keys
    expected = sign(keys, "evt_1", int(headers["webhook-timestamp"]), payload)
    assert headers["webhook-signature"] == expected.decode()
    assert len(expected.split()) == 2


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_is_a_delivery(receiver, status):
    receiver.status = status
    assert endpoint(receiver).send("evt_1", b"{}") == ("", False, None)


def test_a_failure_says_its_status_and_how_long_to_wait(receiver):
    receiver.status, receiver.headers = 503, (("Retry-After", "120"),)
    assert endpoint(receiver).send("evt_1", b"{}") == ("answered 503", False, 120)
    receiver.status, receiver.headers = 410, ()
    assert endpoint(receiver).send("evt_1", b"{}") == ("answered 410", True, None)


def test_a_redirect_is_not_followed(receiver):
    with receiving() as other:
        receiver.status = 307
        receiver.headers = (("Location", f"http://127.0.0.1:{other.server_port}/"),)
        sent = endpoint(receiver).send("evt_1", b"{}")
        assert "redirects are not followed" in sent.error
        assert not other.requests


def test_a_private_address_needs_a_permission(receiver):
    sent = endpoint(receiver, allow_private_addresses=False).send("evt_1", b"{}")
    assert "allow_private_addresses" in sent.error
    assert not receiver.requests


def test_an_endless_answer_is_not_read_to_its_end(receiver):
    receiver.status, receiver.body = 200, b"x" * 50_000_000
    assert not endpoint(receiver).send("evt_1", b"{}").error


def test_nothing_listens_there(receiver):
    with closed_port() as url:
        sent = endpoint(receiver, url=url).send("evt_1", b"{}")
    assert "no server answers" in sent.error


def test_a_receiver_that_does_not_answer_is_left_after_the_time_for_it(receiver):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        sent = endpoint(receiver, url=url, timeout_s=0.2).send("evt_1", b"{}")
    assert "within 0.2 s" in sent.error


@pytest.mark.parametrize(
    "url", ["http://user:pass@a.example/", "http://a.example:22/", "http://0x7f.1/"]
)
def test_a_url_that_cannot_be_used_is_an_error_of_the_settings(url):
    with pytest.raises(ConfigError, match=r"webhooks\.shop\.url"):
        Endpoint("shop", Webhook(url=url, secret=SECRET))
