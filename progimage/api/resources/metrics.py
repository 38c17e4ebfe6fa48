"""`/metrics`: metrics for Prometheus."""

from __future__ import annotations

import falcon

from progimage.api.components import Components
from progimage.api.openapi.documented import Answer, documented
from progimage.config.networks import is_within
from progimage.telemetry import exposition


class MetricsResource:
    """The metrics of all workers of this node, for the allowed networks."""

    def __init__(self, parts: Components) -> None:
        self._allowed = parts.settings.metrics.allow
        self._folder = parts.metrics_folder

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
