"""Which addresses are connected to."""

from __future__ import annotations

import socket
import time

import pytest

from progimage.config import Download
from progimage.errors import DownloadFailed, DownloadNotAllowed
from progimage.ingest.download.downloader import Downloader
from tests.ingest.download.servers import (
    OTHER_PUBLIC,
    PUBLIC,
    URL,
    answer,
    fetch,
    redirect,
    serving,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0/",
        "http://localhost/",
        "http://intranet/",
    ],
)
def test_private_addresses_are_refused_without_a_connection(net, url):
    net.names = {"localhost": [["127.0.0.1"]], "intranet": [["10.0.0.1"]]}
    with pytest.raises(DownloadNotAllowed, match="no public address"):
        fetch(net.downloader(), url)
    assert net.dialled == []


def test_a_name_of_which_one_address_is_private_is_refused(net):
    net.names["pictures.example.com"] = [[PUBLIC, "10.0.0.1"]]
    with pytest.raises(DownloadNotAllowed, match="no public address"):
        fetch(net.downloader(), URL)
    assert net.dialled == []


def test_a_private_name_and_one_that_is_not_there_look_alike(net):
    net.names["pictures.example.com"] = [["10.0.0.1"]]
    messages = set()
    for url in (URL, "http://nowhere.example.com/"):
        with pytest.raises(DownloadNotAllowed) as caught:
            fetch(net.downloader(), url)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_name_that_changes_its_answer_gets_the_connection_that_was_checked(net):
    with serving(answer(b"public")) as server:
        net.add("pictures.example.com", server)
        net.names["pictures.example.com"] = [[PUBLIC], ["127.0.0.1"]]
        assert fetch(net.downloader(), URL) == b"public"
        assert net.dialled == [PUBLIC]
        # The next look at it finds the other address, and refuses that.
        with pytest.raises(DownloadNotAllowed):
            fetch(net.downloader(), URL)
        assert net.dialled == [PUBLIC]


def test_a_name_that_changes_its_answer_between_redirects_is_checked_again(net):
    with serving(redirect(URL)) as server:
        net.add("pictures.example.com", server)
        net.names["pictures.example.com"] = [[PUBLIC], ["127.0.0.1"]]
        with pytest.raises(DownloadNotAllowed):
            fetch(net.downloader(), URL)
    assert net.dialled == [PUBLIC]


def test_the_next_address_is_tried_when_one_does_not_answer(net):
    with serving(answer(b"second")) as server:
        net.add("pictures.example.com", server, OTHER_PUBLIC)
        net.names["pictures.example.com"] = [[PUBLIC, OTHER_PUBLIC]]
        assert fetch(net.downloader(), URL) == b"second"
    assert net.dialled == [PUBLIC, OTHER_PUBLIC]


def test_a_refused_connection_may_be_tried_again(net):
    net.names["pictures.example.com"] = [[PUBLIC]]
    with pytest.raises(DownloadFailed, match="no server answers") as caught:
        fetch(net.downloader(), URL)
    assert caught.value.retryable


def test_this_server_itself_is_refused_by_its_public_address_too(net):
    class Mirror(socket.socket):
        def getsockname(self):
            return (PUBLIC, 50000)

    net.names["pictures.example.com"] = [[PUBLIC]]
    net.dial = lambda *_: Mirror()
    with pytest.raises(DownloadNotAllowed, match="this server itself"):
        fetch(net.downloader(), URL)


def test_private_networks_may_be_opened_but_never_metadata(net):
    with serving(answer(b"inside")) as server:
        settings = Download(allow_private=True)
        assert fetch(Downloader(settings, 1000), f"http://127.0.0.1:{server.port}/") == b"inside"
        assert fetch(Downloader(settings, 1000), f"http://localhost:{server.port}/") == b"inside"
    for host in ("169.254.169.254", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::]"):
        with pytest.raises(DownloadNotAllowed):
            fetch(net.downloader(allow_private=True), f"http://{host}/")


def test_only_allowed_hosts_are_fetched_from_and_never_denied_ones(net):
    def get(url: str, **settings) -> bytes:
        return fetch(net.downloader(**settings), url)

    with serving(answer(b"x")) as server:
        net.add("pictures.example.com", server)
        assert get(URL, allowed_hosts=["*.example.com"]) == b"x"
        assert get("http://PICTURES.example.com/", allowed_hosts=["pictures.EXAMPLE.com"]) == b"x"
        for settings in (
            {"allowed_hosts": ["example.com"]},
            {"denied_hosts": ["pictures.example.com"]},
            {"allowed_hosts": ["*.example.com"], "denied_hosts": ["*.example.com"]},
            {"denied_hosts": [PUBLIC]},
        ):
            with pytest.raises(DownloadNotAllowed, match="this host"):
                get(URL, **settings)


def test_a_resolver_that_hangs_is_left_at_the_deadline(net):
    net.look_up = lambda name, port: time.sleep(1) or [PUBLIC]
    with pytest.raises(DownloadFailed, match=r"within 0\.1 s"):
        fetch(net.downloader(total_timeout_s=0.1), URL)


def test_a_resolver_in_trouble_may_be_asked_again(net):
    def look_up(name: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    net.look_up = look_up
    with pytest.raises(DownloadFailed, match="looked up") as caught:
        fetch(net.downloader(), URL)
    assert caught.value.retryable
