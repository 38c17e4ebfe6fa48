"""Gives each request an id, and logs, counts and times it at its end."""

from __future__ import annotations

import re
import secrets
import time

import falcon
import structlog

from progimage.telemetry import metrics
from progimage.telemetry.paths import without_signature

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.get_logger()


class RequestLog:
    """Falcon middleware; requests are counted and timed if `is_metered`."""

    def __init__(self, *, is_metered: bool) -> None:
        self._is_metered = is_metered

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Use the caller's X-Request-Id, or a random one, in every log line of the request."""
        sent_id = req.get_header("X-Request-Id") or ""
        request_id = sent_id if _ID.fullmatch(sent_id) else secrets.token_hex(8)
        req.context.started = time.perf_counter()
        resp.set_header("X-Request-Id", request_id)
        # On errors too: browsers must never guess the type of an answer.
        resp.set_header("X-Content-Type-Options", "nosniff")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id, client=req.remote_addr)

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Log the request and its status, without the signatures of queries and viewers."""
        seconds = time.perf_counter() - req.context.started
        if self._is_metered:
            metrics.request(req.method, req.uri_template, resp.status_code, seconds)
        log.info(
            "request",
            method=req.method,
            path=without_signature(req.path),
            status=resp.status_code,
            ms=round(1000 * seconds, 2),
            cache=resp.get_header("X-Cache"),
        )
