"""Spans for OpenTelemetry, if the settings name a collector; otherwise nothing.

Only this file uses the library, which comes with the extra `otel` and is imported when
tracing starts. A span is recorded after its work is done, with the measured duration. So work that
is timed for metrics needs no second timer, and tracing that is off costs nothing.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from typing import Any

from progimage.errors import ConfigError

Attributes = Mapping[str, str | int | float]


class _Tracing:
    """The parts of the library in use; `tracer` is None if tracing is off."""

    tracer: Any = None
    provider: Any = None
    trace: Any = None
    context: Any = None
    propagator: Any = None


_active = _Tracing()


def check() -> None:
    """Check that the library is installed.

    Raises:
        ConfigError: it is not; the message says what to install.
    """
    for name in ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter"):
        if importlib.util.find_spec(name) is None:
            raise ConfigError(
                "tracing.endpoint: needs OpenTelemetry; install the extra 'otel' "
                "(docs/operate/monitoring.md), or leave the setting empty"
            )


def start(endpoint: str, *, service_name: str, ratio: float, exporter: Any = None) -> None:
    """Begin to send the spans of this process to the collector at `endpoint`.

    For a trace that a caller began (traceparent), the caller decides about sampling.

    Args:
        ratio: the part of the traces begun here that is sent.
        exporter: used instead of the network; it gets each span at once.

    Source: W3C Trace Context; OpenTelemetry's HTTP semantic conventions.

    Raises:
        ConfigError: the library is not installed.
    """
    check()
    # Imported here, because the library is optional and slow to import.
    from opentelemetry import context, trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        SimpleSpanProcessor,
    )
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    _active.provider = TracerProvider(
        resource=Resource.create({"service.name": service_name}),
        sampler=ParentBasedTraceIdRatio(ratio),
    )
    _active.provider.add_span_processor(
        SimpleSpanProcessor(exporter)
        if exporter is not None
        else BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))
    )
    _active.trace, _active.context = trace, context
    _active.propagator = TraceContextTextMapPropagator()
    _active.tracer = _active.provider.get_tracer("progimage")


def stop() -> None:
    """Send the remaining spans and stop tracing."""
    if _active.provider is not None:
        _active.provider.shutdown()
    _active.tracer = _active.provider = None


def begin(method: str, traceparent: str | None) -> Any:
    """Begin the span of a request, in the caller's trace if there is one; None if off."""
    if _active.tracer is None:
        return None
    carrier = {"traceparent": traceparent} if traceparent else {}
    span = _active.tracer.start_span(
        method,
        context=_active.propagator.extract(carrier),
        kind=_active.trace.SpanKind.SERVER,
    )
    return span, _active.context.attach(_active.trace.set_span_in_context(span))


def end(begun: Any, name: str, attributes: Attributes, *, failed: bool) -> None:
    """End the span that `begin` returned."""
    if begun is None:
        return
    span, token = begun
    _active.context.detach(token)
    span.update_name(name)
    span.set_attributes(dict(attributes))
    if failed:
        span.set_status(_active.trace.StatusCode.ERROR)
    span.end()


def record(name: str, seconds: float, attributes: Attributes) -> None:
    """Record a span of `seconds` that ends now, within the span of the current request."""
    if _active.tracer is None or not _active.trace.get_current_span().is_recording():
        return
    now = time.time_ns()
    begun = now - int(seconds * 1e9)
    span = _active.tracer.start_span(name, start_time=begun, attributes=dict(attributes))
    span.end(now)
