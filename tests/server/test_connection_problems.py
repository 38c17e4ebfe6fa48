"""Answers to bytes that are not an HTTP request."""

from __future__ import annotations

import json
import socket

import pytest

from progimage.server.connection_problems import write_problem


@pytest.mark.parametrize(
    ("status", "reason", "line", "title"),
    [
        (400, "Bad Request", "400 Bad Request", "Bad Request"),
        (414, "URI Too Long", "414 URI Too Long", "URI Too Long"),
        # gunicorn gives these a status, but not its reason.
        (501, "Bad Request", "501 Not Implemented", "Not Implemented"),
        (500, "Bad Request", "500 Internal Server Error", "Internal Server Error"),
        # The title says more than the reason phrase.
        (503, "Too Busy", "503 Service Unavailable", "Too Busy"),
    ],
)
def test_the_reason_phrase_is_that_of_the_status_and_the_title_fits(status, reason, line, title):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(60)
        write_problem(ours, status, reason, "why")
        ours.shutdown(socket.SHUT_WR)
        head, _, body = theirs.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.splitlines()[0].decode() == f"HTTP/1.1 {line}"
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (status, title)
    assert problem["type"].endswith(title.lower().replace(" ", "-"))
