"""https: the certificate must be the host's, whichever address answers."""

from __future__ import annotations

import ssl

import pytest
import trustme

from progimage.errors import DownloadFailed
from tests.ingest.download.servers import PUBLIC, FakeInternet, answer, fetch, serving

URL = "https://pictures.example.com/cat.jpg"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def client_side(authority: trustme.CA | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority is not None:
        authority.configure_trust(context)
    return context


def get(authority: trustme.CA, trusted: trustme.CA | None, *names: str, url: str = URL) -> bytes:
    net = FakeInternet()
    with serving(answer(b"picture"), server_side(authority, *names)) as server:
        net.add("pictures.example.com", server)
        return fetch(net.downloader(tls=client_side(trusted)), url)


def test_a_valid_certificate_of_the_name_is_taken(authority):
    assert get(authority, authority, "pictures.example.com") == b"picture"
    assert get(authority, authority, "*.example.com") == b"picture"


def test_an_address_needs_a_certificate_of_its_own(authority):
    assert get(authority, authority, PUBLIC, url=f"https://{PUBLIC}/") == b"picture"
    with pytest.raises(DownloadFailed, match="certificate"):
        get(authority, authority, "pictures.example.com", url=f"https://{PUBLIC}/")


def test_the_name_is_asked_for_and_not_the_address(authority):
    requested = []
    context = server_side(authority, "pictures.example.com")
    context.sni_callback = lambda _socket, name, _context: requested.append(name)
    net = FakeInternet()
    with serving(answer(b"picture"), context) as server:
        net.add("pictures.example.com", server)
        fetch(net.downloader(tls=client_side(authority)), URL)
    assert requested == ["pictures.example.com"]
    assert net.dialled == [PUBLIC]


@pytest.mark.parametrize("names", [["other.example.com"], ["example.com"], [PUBLIC]])
def test_a_certificate_of_another_host_is_refused(authority, names):
    with pytest.raises(DownloadFailed, match="certificate is not valid") as caught:
        get(authority, authority, *names)
    assert not caught.value.retryable


def test_a_certificate_of_an_unknown_authority_is_refused(authority):
    with pytest.raises(DownloadFailed, match="certificate is not valid"):
        get(authority, None, "pictures.example.com")


def test_a_server_without_tls_has_failed(authority):
    net = FakeInternet()

    def talk(connection) -> None:
        connection.sendall(answer(b"plain"))

    with serving(talk) as server:
        net.add("pictures.example.com", server)
        with pytest.raises(DownloadFailed, match=r"TLS|within"):
            fetch(net.downloader(tls=client_side(authority), total_timeout_s=0.5), URL)
