"""`/metrics`: metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import falcon

from progimage.api.openapi.documented import Answer, documented
from progimage.config.networks import Network, is_within
from progimage.telemetry import exposition


class MetricsResource:
    """The metrics of all workers of this node, for the allowed networks."""

    def __init__(self, allowed: Sequence[Network], folder: Path | None) -> None:
        self._allowed = allowed
        self._folder = folder

    @documented(
        "metrics",
        "service",
        {200: Answer("The metrics.", {exposition.MEDIA_TYPE: {"type": "string"}})},
        errors=(404,),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the metrics of this node.

        Only to the networks of `metrics.allow`; for others the path does not exist.
        """
        if not is_within(req.remote_addr, self._allowed):
            raise falcon.HTTPNotFound
        resp.content_type = exposition.MEDIA_TYPE
        resp.data = exposition.text_of(self._folder)
        resp.set_header("Cache-Control", "no-store")
