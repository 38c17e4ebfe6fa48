"""`/health/`: probes for load balancers and orchestrators."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable

import falcon

from progimage import keys
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, documented
from progimage.api.responses.problems import document, respond
from progimage.errors import StoreError, StoreUnavailable
from progimage.stores import ObjectStore

_WELL = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}


class Live:
    """`/health/live`: this process answers."""

    @documented("live", "service", {200: Answer("It does.", {schemas.JSON: _WELL})}, is_open=True)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that this process answers."""
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")


class Ready:
    """`/health/ready`: the store takes and gives, and the server is to go on.

    Args:
        is_draining: true once the server was told to stop.
    """

    def __init__(self, store: ObjectStore, is_draining: Callable[[], bool]) -> None:
        self._store = store
        self._is_draining = is_draining

    @documented(
        "ready",
        "service",
        {200: Answer("It does.", {schemas.JSON: _WELL})},
        errors=(503, StoreUnavailable),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Write, read and remove an object; 503 if that cannot be done, or not for long."""
        if self._is_draining():
            detail = "this node was told to stop, and takes requests only until others know"
            respond(resp, document(503, "The server is stopping", detail, "NotReady"), 5)
            return
        key = f"{keys.PROBES}ready-{secrets.token_hex(8)}"
        try:
            self._store.put(key, io.BytesIO(b"ready"), media_type="text/plain")
            with self._store.open(key) as reader:
                is_same = reader.read() == b"ready"
            self._store.delete(key)
        except StoreError as error:
            respond(resp, document(503, "The store is not available", str(error), "NotReady"), 5)
            return
        if not is_same:
            detail = "the store gave back other bytes than it took"
            respond(resp, document(503, "The store is not reliable", detail, "NotReady"), 5)
            return
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")
