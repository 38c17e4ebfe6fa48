"""A port that closes accepts no new client and loses no accepted one."""

from __future__ import annotations

import socket
import sys

import pytest

from progimage.server.draining import begin_no_connection

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["4", "6"]
)
def test_connected_clients_are_accepted_and_new_ones_are_not(family, host):
    with socket.create_server((host, 0), family=family) as listener:
        address = listener.getsockname()[:2]
        with socket.create_connection(address) as early:
            begin_no_connection(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.2)
            taken, _ = listener.accept()
            with taken:
                # What has begun goes on in both directions.
                early.sendall(b"?")
                assert taken.recv(1) == b"?"
                taken.sendall(b"!")
                assert early.recv(1) == b"!"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_sockets_without_handshakes_are_left_alone(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        begin_no_connection(listener)
        client.connect(str(tmp_path / "s"))
