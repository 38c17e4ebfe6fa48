"""Logs, metrics and traces."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import Field

from progimage.config.sections.base import Section


class Log(Section):
    """Logs, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description='Lowest level to log; "info" has a line for every request.'
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description='"auto": console on a terminal, JSON elsewhere.'
    )


class Metrics(Section):
    """Metrics for Prometheus."""

    enabled: bool = Field(
        default=True,
        description="Count and time requests, renders and store operations. It costs about 8 "
        "microseconds a request.",
    )
    allow: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Networks that may read /metrics; for all others the path does not exist. "
        "The shipped nginx never passes it on.",
    )
    worker_bind: str = Field(
        default="",
        pattern=r"^(\S+:\d{1,5})?$",
        description="Where a `progimage worker` serves its metrics, such as 0.0.0.0:9464. Empty: "
        "nowhere. Each worker of one machine needs its own port.",
    )


class Tracing(Section):
    """Traces for OpenTelemetry."""

    endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^\s#]+)?$",
        description="Where spans go (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces. "
        "Empty: nowhere. Needs the extra `otel`.",
    )
    ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of the traces that start here to record; for requests with a "
        "traceparent the caller decides.",
    )
    service_name: str = Field(
        default="progimage",
        min_length=1,
        max_length=100,
        description="The name of this service in traces.",
    )
