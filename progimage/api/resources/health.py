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
    """`/health/live`: shows that this process answers."""

    @documented("live", "service", {200: Answer("It works.", {schemas.JSON: _WELL})}, is_open=True)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Confirm that this process answers."""
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")


class Ready:
    """`/health/ready`: shows that the store works and the server is not stopping.

    Args:
        is_draining: True once the server is to take no more requests.
    """

    def __init__(self, store: ObjectStore, is_draining: Callable[[], bool]) -> None:
        self._store = store
        self._is_draining = is_draining

    @documented(
        "ready",
        "service",
        {200: Answer("It works.", {schemas.JSON: _WELL})},
        errors=(503, StoreUnavailable),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Write, read and remove an object; 503 if that fails, or if the server is stopping."""
        if self._is_draining():
            detail = "this node is stopping, and answers requests only until load balancers know"
            respond(resp, document(503, "Server stopping", detail, "NotReady"), 5)
            return
        key = f"{keys.PROBES}ready-{secrets.token_hex(8)}"
        try:
            self._store.put(key, io.BytesIO(b"ready"), media_type="text/plain")
            with self._store.open(key) as reader:
                is_same = reader.read() == b"ready"
            self._store.delete(key)
        except StoreError as error:
            respond(resp, document(503, "Store unavailable", str(error), "NotReady"), 5)
            return
        if not is_same:
            detail = "the store returned other bytes than were written"
            respond(resp, document(503, "Store unreliable", detail, "NotReady"), 5)
            return
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")
