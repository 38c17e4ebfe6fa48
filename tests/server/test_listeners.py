"""A unix socket that another server listens on is found out."""

from __future__ import annotations

import socket

from progimage.server.listeners import answers


def test_a_socket_that_is_listened_on_answers(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        assert answers(path)
    assert not answers(path)


def test_nothing_answers_where_there_is_no_socket(tmp_path):
    (tmp_path / "file").touch()
    assert not answers(str(tmp_path / "none"))
    assert not answers(str(tmp_path / "file"))
