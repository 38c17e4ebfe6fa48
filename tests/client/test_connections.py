"""Addresses, certificates and proxies of the clients."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import trustme

from progimage.client import AsyncClient, Client, InvalidCall, Retries, Unreachable

ONCE = Retries(attempts=1)


@pytest.fixture(params=[Client, AsyncClient], ids=["blocking", "asyncio"])
def client_class(request):
    return request.param


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def https_url(authority):
    """A server with a certificate of `authority` that answers every GET with {}."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_certificate_of_an_own_authority_is_trusted_if_it_is_given(
    call, authority, https_url, tmp_path
):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    assert call(https_url, lambda client: client.transforms(), ca_file=file) == {}


def test_a_certificate_of_an_unknown_authority_is_not_trusted(call, https_url):
    with pytest.raises(Unreachable, match="certificate"):
        call(https_url, lambda client: client.transforms(), retries=ONCE)


def test_a_ca_file_without_certificates_is_an_error(client_class, tmp_path):
    file = tmp_path / "ca.pem"
    with pytest.raises(InvalidCall, match="no such file"):
        client_class(ca_file=file)
    file.write_text("nonsense")
    with pytest.raises(InvalidCall, match="PEM"):
        client_class(ca_file=file)


@pytest.mark.parametrize("url", ["img.example.com", "ftp://img.example.com", "http://"])
def test_an_address_without_http_or_host_is_an_error(client_class, url):
    with pytest.raises(InvalidCall, match="base_url"):
        client_class(url)


def test_an_error_names_the_proxy_without_its_password(call, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://ann:secret@127.0.0.1:1")
    with pytest.raises(Unreachable, match=r"through the proxy http://127\.0\.0\.1:1\)") as raised:
        call("http://img.example.com", lambda client: client.transforms(), retries=ONCE)
    assert "secret" not in str(raised.value)


def test_a_socks_proxy_without_its_package_is_an_error_that_names_it(client_class, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(InvalidCall, match=r"socksio.*through the proxy socks5://127\.0\.0\.1:1"):
        client_class("http://img.example.com")


def test_an_address_of_no_proxy_is_reached_directly(call, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(Unreachable) as raised:
        call("http://127.0.0.1:1", lambda client: client.transforms(), retries=ONCE)
    assert "proxy" not in str(raised.value)
