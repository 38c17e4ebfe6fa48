"""The sections of the settings, a class each; a default's reason is in settings/default.toml."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, model_validator

from progimage.imaging.limits import Limits

Cores = os.cpu_count() or 1


class Section(BaseModel):
    """What every section is: frozen, and without names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreOptions(TypedDict):
    """What a store is opened with; those that are not S3 have no use for it."""

    conditional_writes: bool
    deadline_s: float
    hedged_reads: bool


class S3(Section):
    """What is asked of an S3 server."""

    conditional_writes: Literal["required", "off"] = "required"
    deadline_s: float = Field(default=15.0, ge=1, le=600)
    hedged_reads: bool = True

    @property
    def is_conditional(self) -> bool:
        """False if the last of two writers may win."""
        return self.conditional_writes == "required"

    @property
    def options(self) -> StoreOptions:
        """The keyword arguments of `open_store` that are set here."""
        return StoreOptions(
            conditional_writes=self.is_conditional,
            deadline_s=self.deadline_s,
            hedged_reads=self.hedged_reads,
        )


class Server(Section):
    """How requests come in."""

    workers: int = Field(default=min(Cores, 8), ge=1, le=256)
    threads: int = Field(default=32, ge=2, le=1024)
    public_url: str = Field(default="", pattern=r"^(https?://[^/?#\s]+)?$")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    head_timeout_s: float = Field(default=10.0, gt=0, le=600)
    send_timeout_s: float = Field(default=30.0, gt=0, le=600)
    drain_s: float = Field(default=0.0, ge=0, le=600)
    graceful_timeout_s: int = Field(default=30, ge=1, le=600)
    worker_timeout_s: int = Field(default=60, ge=5, le=3600)


# As browsers spell it (RFC 6454, section 6.2): lower case, without a path.
_ORIGIN = r"^(\*|https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?)$"


class Cors(Section):
    """Which pages of other sites may read our answers in a browser."""

    origins: tuple[Annotated[str, Field(pattern=_ORIGIN)], ...] = ()

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


class Upload(Section):
    """What may be sent to us."""

    max_bytes: int = Field(default=32 * 2**20, ge=1024, le=5 * 2**30)
    max_json_bytes: int = Field(default=16 * 2**20, ge=1024, le=2**30)
    max_request_bytes: int = Field(default=512 * 2**20, ge=1024, le=100 * 2**30)
    max_pictures: int = Field(default=100, ge=1, le=10_000)
    stall_timeout_s: float = Field(default=30.0, gt=0, le=600)
    total_timeout_s: float = Field(default=600.0, gt=0, le=86_400)
    concurrent: int = Field(default=12, ge=1, le=1024)
    resumable_expires_s: int = Field(default=86_400, ge=1, le=2_592_000)


class Download(Section):
    """Pictures fetched from URLs that a request names."""

    enabled: bool = True
    allow_private: bool = False
    allowed_hosts: tuple[str, ...] = ()
    denied_hosts: tuple[str, ...] = ()
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    total_timeout_s: float = Field(default=20.0, gt=0, le=600)
    max_redirects: int = Field(default=3, ge=0, le=10)


class Publish(Section):
    """Accounts at services that pictures are sent on to."""

    imgur_client_id: str = Field(default="", pattern=r"^[A-Za-z0-9]{0,64}$")
    imgur_api: str = Field(default="https://api.imgur.com", pattern=r"^https?://[^/?#\s@]+/?$")
    timeout_s: float = Field(default=30.0, gt=0, le=600)


class LimitSettings(Section):
    """What a picture and its renditions may be."""

    max_source_pixels: int = Field(default=50_000_000, ge=1)
    max_source_side: int = Field(default=30_000, ge=1)
    max_frames: int = Field(default=100, ge=1)
    max_output_pixels: int = Field(default=40_000_000, ge=1)
    max_output_side: int = Field(default=8_192, ge=1)
    max_steps: int = Field(default=10, ge=1, le=100)

    def to_limits(self) -> Limits:
        """Return the value that imaging works with."""
        return Limits(**self.model_dump())


class Render(Section):
    """The pool of render processes of each web worker."""

    workers: int = Field(default=1, ge=1, le=256)
    queue: int = Field(default=10, ge=0, le=1024)
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    memory_bytes: int = Field(default=2 * 2**30, ge=2**28)
    tasks_per_worker: int = Field(default=1000, ge=1)
    niceness: int = Field(default=10, ge=0, le=19)
    where: Literal["here", "workers"] = "here"
    answer_timeout_s: float = Field(default=15.0, gt=0, le=600)


class Transforms(Section):
    """Who may have what made, and how much of it."""

    policy: Literal["open", "presets", "signed"] = "open"
    cold_per_minute: int = Field(default=0, ge=0, le=1_000_000)
    cold_burst: int = Field(default=60, ge=1, le=1_000_000)


class Links(Section):
    """Signed links."""

    max_expires_s: int = Field(default=604_800, ge=1, le=315_360_000)


class Delivery(Section):
    """How stored bytes leave: by us, by nginx, or straight from S3."""

    mode: Literal["direct", "x-accel", "redirect"] = "direct"
    accel_prefix: str = Field(default="/_store/", pattern=r"^/[A-Za-z0-9_-]+/$")
    redirect_expires_s: int = Field(default=300, ge=10, le=604_800)


class Cache(Section):
    """What `progimage gc` leaves of the cached renditions."""

    max_age_days: float = Field(default=90.0, ge=0)
    max_bytes: int = Field(default=10 * 2**30, ge=0)


class DiskCache(Section):
    """Copies of hot public renditions on a node's own disk, before an S3 store."""

    dir: str = ""
    max_bytes: int = Field(default=2**30, ge=2**20)
    trust_s: float = Field(default=0.0, ge=0, le=3600)


class Jobs(Section):
    """Bulk jobs, and the runner in each web process that does them."""

    runner: Literal["embedded", "none"] = "embedded"
    broker: str = Field(default="", pattern=r"^((redis|rediss|amqp|amqps|sqs)://\S*)?$")
    threads: int = Field(default=4, ge=1, le=64)
    max_items: int = Field(default=10_000, ge=1, le=10_000)
    max_waiting: int = Field(default=1_000, ge=1, le=100_000)
    streams: int = Field(default=4, ge=1, le=256)
    attempts: int = Field(default=4, ge=1, le=20)
    per_host: int = Field(default=2, ge=1, le=64)
    host_pause_s: float = Field(default=0.1, ge=0, le=60)
    lease_s: float = Field(default=15.0, ge=1, le=3600)
    poll_s: float = Field(default=5.0, ge=0.1, le=600)
    keep_days: float = Field(default=30.0, ge=0)


class Log(Section):
    """What is logged, and in what form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Metrics(Section):
    """What is counted and timed, and who may read it."""

    enabled: bool = True
    allow: tuple[IPv4Network | IPv6Network, ...] = (
        IPv4Network("127.0.0.0/8"),
        IPv6Network("::1/128"),
    )
    worker_bind: str = Field(default="", pattern=r"^(\S+:\d{1,5})?$")


class Tracing(Section):
    """Where spans go, if anywhere."""

    endpoint: str = Field(default="", pattern=r"^(https?://[^\s#]+)?$")
    ratio: float = Field(default=1.0, ge=0, le=1)
    service_name: str = Field(default="progimage", min_length=1, max_length=100)
