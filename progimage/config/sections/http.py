"""Settings of requests and answers over HTTP."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field, model_validator

from progimage.config.sections.base import Section


def _workers() -> int:
    return min(os.cpu_count() or 1, 8)


class Server(Section):
    """The web processes."""

    workers: int = Field(
        default_factory=_workers,
        examples=[2],
        ge=1,
        le=256,
        description="Web processes. Default: one for each core, at most 8.",
    )
    threads: int = Field(
        default=144,
        ge=2,
        le=1024,
        description="Request threads in each web process. There must be more than all requests "
        "that may wait for slow work (render.workers + render.queue + upload.concurrent + "
        "jobs.streams + deep.waiting, and 4 sign-ins where there are accounts), so that cached "
        "pictures are always served.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/?#\s]+(/[A-Za-z0-9._~-]+)*)?$",
        description='The address that clients use, such as "https://img.example.com", or with '
        'a path that a proxy removes, "https://example.com/img". Empty: taken from each request.',
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Names that clients know the service by, beside localhost, its addresses and "
        'the host of public_url, such as ["pictures.lan", "*.example.com"]. Unless auth.mode is '
        '"required", requests by any other name are rejected: the name of a foreign web page can '
        'be made to lead to this server. "*" allows every name.',
    )
    allow_open_access: bool = Field(
        default=False,
        description='With auth.mode "off" everybody who can reach the server can see, change and '
        "remove every picture. It then listens on loopback addresses and unix sockets only, "
        "unless this is true.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks of proxies whose X-Forwarded-For, -Proto and -Host headers are "
        'believed, such as ["10.0.0.0/8"].',
    )
    head_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Longest time that a client may take to send the head of a request.",
    )
    body_timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Longest time that a body of up to 128 KiB may then take; for longer ones "
        "see upload.",
    )
    send_timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Longest time that a client may take no bytes of an answer.",
    )
    min_bytes_per_s: int = Field(
        default=1024,
        ge=0,
        le=2**30,
        description="Bytes a second that a client must send or take while the server waits for "
        "it, over ten seconds. A slower client is cut off.",
    )
    connections: int = Field(
        default=4096,
        ge=1,
        le=100_000,
        description="Connections of each web process; fewer if the limit of open files is low.",
    )
    client_connections: int = Field(
        default=512,
        ge=1,
        le=100_000,
        description="Connections of one client (an address, of IPv6 a /64) to each web process. "
        "Trusted proxies have no limit.",
    )
    drain_s: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="After SIGTERM, /health/ready answers 503 for this long while everything "
        "else is served as before, so that load balancers stop sending requests. Set it to "
        "longer than they take to notice; 0 where none asks.",
    )
    graceful_timeout_s: int = Field(
        default=30,
        ge=1,
        le=600,
        description="After that, requests in flight have this long to finish.",
    )
    worker_timeout_s: int = Field(
        default=60,
        ge=5,
        le=3600,
        description="A web process that gives no sign of life for this long is replaced.",
    )


# As browsers write it (RFC 6454, section 6.2): lower case, without a path.
_ORIGIN = r"^(\*|https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?)$"


class Cors(Section):
    """Pages of other sites that may use the service from a browser."""

    origins: tuple[Annotated[str, Field(pattern=_ORIGIN)], ...] = Field(
        default=(),
        description='Origins of those pages, such as ["https://app.example.com"], or ["*"] for '
        "all. A page gets no rights from the browser: it sends its own token, cookies are not "
        'read. Where auth.mode is "off" such a page may do everything, also from inside your '
        'network, so never use "*" where only the network protects the service.',
    )

    @model_validator(mode="after")
    def _can_match(self) -> Cors:
        if "*" in self.origins and len(self.origins) > 1:
            raise ValueError('"*" stands for every origin; leave out the others')
        for origin in self.origins:
            if re.fullmatch(r"http://.*:80|https://.*:443", origin):
                raise ValueError(
                    f"{origin!r} will match no page: browsers leave the usual port out"
                )
        return self


class Delivery(Section):
    """Who sends stored bytes to clients."""

    mode: Literal["direct", "x-accel", "redirect"] = Field(
        default="direct",
        description='"direct": this service. "x-accel": nginx, from a folder store. "redirect": '
        "S3; clients are redirected to a presigned URL.",
    )
    accel_prefix: str = Field(
        default="/_store/",
        pattern=r"^/[A-Za-z0-9_-]+/$",
        description="The internal location of nginx that maps to the folder store.",
    )
    max_age_s: int = Field(
        default=31_536_000,
        ge=0,
        le=31_536_000,
        description="How long caches may use a public picture without asking again. Lower it "
        "where a picture that is hidden must soon disappear from caches.",
    )
    redirect_expires_s: int = Field(
        default=300,
        ge=10,
        le=604_800,
        description="How long a presigned URL is valid.",
    )


class Iiif(Section):
    """The IIIF Image and Presentation APIs, and Deep Zoom."""

    enabled: bool = Field(
        default=True,
        description="Serve /iiif/ and /deepzoom/.",
    )
    sites: Literal["auto", "all", "listed"] = Field(
        default="auto",
        description="Whose pages may read what everybody may see there: viewers are pages of "
        'other sites. "all": those of all sites, also if cors.origins is empty; "listed": those of '
        'cors.origins. "auto" is "all" where there are accounts or server.public_url is an '
        "address in the internet. Else it allows all sites pictures that are named by their id, "
        "and no lists or origins: pages that are opened inside a network could read those of "
        "that network.",
    )


class Links(Section):
    """Signed links."""

    max_expires_s: int = Field(
        default=604_800,
        ge=1,
        le=315_360_000,
        description="Longest time that a signed link may be valid.",
    )
