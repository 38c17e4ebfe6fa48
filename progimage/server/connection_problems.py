"""Problem documents for bytes that are not an HTTP request, and for refused connections."""

from __future__ import annotations

import json
import socket

import falcon
from gunicorn import util

from progimage.api.responses import problems

_DETAILS = {
    "URI Too Long": "the address has more than 8 KiB",
    "Request Header Fields Too Large": "a header has more than 8 KiB, or there are too many",
}


def write_problem(client: socket.socket, status: int, reason: str, message: str) -> None:
    """Send an error to a client without a readable request, as a problem document.

    This replaces the HTML page of gunicorn, which has no setting for it.
    """
    line = falcon.code_to_http_status(status)
    if status != 400 and reason == "Bad Request":
        # gunicorn's reason for errors to which it gave a status of their own (501, 500).
        reason = line.partition(" ")[2]
    detail = _DETAILS.get(reason) or message or "the server could not answer"
    problem = problems.document(status, reason, detail, reason.title().replace(" ", ""))
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {line}\r\nConnection: close\r\n"
        f"Content-Type: {problems.MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        + ("Retry-After: 1\r\n\r\n" if status == 503 else "\r\n")
    )
    util.write_nonblock(client, head.encode() + body)
