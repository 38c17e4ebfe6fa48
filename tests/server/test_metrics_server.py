"""A worker's numbers: served to clients that may read them, and nothing else."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from ipaddress import IPv4Network
from urllib.parse import urlsplit

import pytest

from progimage.errors import ConfigError
from progimage.server.metrics_server import serving
from progimage.telemetry import exposition, metrics

HERE = (IPv4Network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server that answers this machine."""
    with serving("127.0.0.1:0", HERE) as address:
        yield address


def ask(address: str, path: str, method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def test_counts_of_this_process_are_reported_in_prometheus_format(address):
    metrics.job_item("import", failed=False)
    status, media_type, text = ask(address, "/metrics")
    assert (status, media_type) == (200, exposition.MEDIA_TYPE)
    assert 'progimage_job_items_total{kind="import",outcome="done"}' in text
    assert "_created" not in text


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/", "GET", 404), ("/metrics/../x", "GET", 404), ("/metrics", "POST", 501)],
)
def test_there_is_nothing_else(address, path, method, status):
    answer = ask(address, path, method)
    assert answer[:2] == (status, "application/problem+json")


def test_to_other_networks_there_is_nothing():
    with serving("127.0.0.1:0", (IPv4Network("10.0.0.0/8"),)) as address:
        assert ask(address, "/metrics")[0] == 404


def test_a_silent_client_delays_no_other(address):
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port)):
        assert ask(address, "/metrics")[0] == 200


def test_an_occupied_address_is_reported_by_the_name_of_the_setting(address):
    with (
        pytest.raises(ConfigError, match=r"metrics\.worker_bind: cannot listen on"),
        serving(urlsplit(address).netloc, HERE),
    ):
        pass
    with pytest.raises(ConfigError, match="no such port"), serving("127.0.0.1:99999", HERE):
        pass
