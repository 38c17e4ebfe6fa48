"""`/health/`: probes for load balancers and orchestrators."""

from __future__ import annotations

import falcon

from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, documented, object_of
from progimage.api.responses.problems import document, respond
from progimage.config.networks import is_within
from progimage.errors import StoreUnavailable
from progimage.stores.readiness import Fault

_WELL = object_of(status={"const": "ok"})
_STOPPING = Fault("Server stopping", "it answers requests only until load balancers have noticed")


class Live:
    """`/health/live`: whether this process answers."""

    @documented(
        "live",
        "service",
        {200: Answer("The process answers.", {schemas.JSON: _WELL})},
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Confirm that this process answers."""
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")


class Ready:
    """`/health/ready`: whether the node should get requests."""

    def __init__(self, parts: Components) -> None:
        self._readiness = parts.readiness
        self._is_draining = parts.is_draining
        self._operators = parts.settings.metrics.allow

    @documented(
        "ready",
        "service",
        {200: Answer("The node is ready.", {schemas.JSON: _WELL})},
        errors=(503, StoreUnavailable),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Check that the store and temporary files work, and that the server is not stopping.

        The answer is up to three seconds old. Only networks in `metrics.allow` get details.
        """
        fault = _STOPPING if self._is_draining() else self._readiness.fault()
        if fault is not None:
            is_operator = is_within(req.remote_addr, self._operators)
            detail = fault.detail if is_operator else "try again in a few seconds"
            respond(resp, document(503, fault.title, detail, "NotReady"), 5)
            return
        resp.media = {"status": "ok"}
        resp.set_header("Cache-Control", "no-store")
