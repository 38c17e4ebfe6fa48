"""Records a span for each request."""

from __future__ import annotations

import falcon

from progimage.telemetry import tracing


class TraceRequests:
    """Falcon middleware; must be the first."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin the span, in the trace of the traceparent header if there is one."""
        req.context.span = tracing.begin(req.method, req.get_header("traceparent"))

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """End the span, named after the route; path and query may have secrets."""
        route = req.uri_template or ""
        tracing.end(
            req.context.span,
            f"{req.method} {route}".strip(),
            {
                "http.request.method": req.method,
                "http.route": route,
                "http.response.status_code": resp.status_code,
                "progimage.cache": resp.get_header("X-Cache") or "",
                "progimage.request_id": resp.get_header("X-Request-Id") or "",
            },
            failed=resp.status_code >= 500,
        )
