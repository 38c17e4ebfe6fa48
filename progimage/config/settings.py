"""All settings together, and rules between sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo

from progimage.config.sections.auth import SIGN_INS, Auth
from progimage.config.sections.base import Section
from progimage.config.sections.deep import Deep
from progimage.config.sections.http import Cors, Delivery, Iiif, Links, Server
from progimage.config.sections.jobs import Jobs, Publish
from progimage.config.sections.origins import Fronts, Origin, OriginCache
from progimage.config.sections.pictures import (
    Download,
    LimitSettings,
    Quota,
    Render,
    Transforms,
    Trash,
    Upload,
)
from progimage.config.sections.storage import S3, Cache, DiskCache, Index
from progimage.config.sections.telemetry import Log, Metrics, Tracing
from progimage.config.sections.webhooks import Webhook
from progimage.imaging.limits import Limits

PREFIX = "PROGIMAGE_"

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""The name of an origin or a webhook."""


class Settings(Section):
    """All settings; an immutable value, read once at start."""

    bind: str = Field(
        default="127.0.0.1:8000",
        pattern=r"^(\S+:\d{1,5}|unix:\S+)$",
        description="Where to listen: host:port, or unix:/path/of/socket.",
    )
    store: str = Field(
        default="file:var/store",
        description="Where everything is stored: file:var/store (a folder, relative to the working "
        "directory), file:///srv/pictures, s3://bucket/prefix?region=eu-west-1, or memory:// (to "
        "try things out with one worker; empty after a restart). S3 credentials come from the "
        "usual places (environment, ~/.aws, instance role), never from this URL; endpoint_url, "
        "region, addressing, connect_timeout_s and read_timeout_s can be given in it.",
    )
    create_store: bool = Field(
        default=False,
        description="Create a store at start where the folder is missing or empty. Off, a server "
        "never starts on an empty library because a disk is not mounted or a name is mistyped; "
        '"progimage create-store" creates one. "make run" turns it on.',
    )
    s3: S3 = S3()
    server: Server = Server()
    cors: Cors = Cors()
    upload: Upload = Upload()
    trash: Trash = Trash()
    quota: Quota = Quota()
    download: Download = Download()
    publish: Publish = Publish()
    limits: LimitSettings = LimitSettings()
    render: Render = Render()
    deep: Deep = Deep()
    transforms: Transforms = Transforms()
    links: Links = Links()
    iiif: Iiif = Iiif()
    delivery: Delivery = Delivery()
    cache: Cache = Cache()
    disk_cache: DiskCache = DiskCache()
    index: Index = Index()
    jobs: Jobs = Jobs()
    auth: Auth = Auth()
    log: Log = Log()
    metrics: Metrics = Metrics()
    tracing: Tracing = Tracing()
    origins: Mapping[Name, Origin] = Field(
        default={},
        description='Places that have pictures already: shop = {from = "file:///srv/shop"} serves '
        "/origins/shop/<pipeline>/-/<path>.",
    )
    webhooks: Mapping[Name, Webhook] = Field(
        default={},
        description="Web servers that are informed of events: shop = {url = "
        '"https://shop.example/hooks/pictures", secret = "whsec_…"}.',
    )
    origin_cache: OriginCache = OriginCache()
    fronts: Fronts = Fronts()
    presets: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], str] = Field(
        default={},
        description='Named pipelines: avatar = "resize:w=128,h=128,fit=cover" makes '
        "/images/<id>/avatar.",
    )

    def picture_limits(self) -> Limits:
        """Return the limits that imaging works with."""
        return Limits(**self.limits.model_dump(), accept_damaged=self.upload.accept_damaged)

    def large_picture_limits(self) -> Limits:
        """Return the limits of pictures that are decoded once, for their pyramid."""
        ordinary = self.picture_limits()
        return replace(
            ordinary,
            max_source_pixels=max(self.deep.most_pixels, ordinary.max_source_pixels),
            max_source_side=max(self.deep.max_source_side, ordinary.max_source_side),
            accept_damaged=False,
        )

    @property
    def resumable_max_bytes(self) -> int:
        """The most bytes of a picture that comes by a resumable upload."""
        return max(self.upload.max_bytes, self.deep.max_bytes if self.deep.enabled else 0)

    @model_validator(mode="after")
    def _signed_has_a_key(self) -> Settings:
        has_key = bool(self.auth.secret.get_secret_value() or self.auth.keys)
        if self.transforms.policy == "signed" and not has_key:
            raise ValueError(
                "transforms.policy: 'signed' needs a key to sign links with: set "
                "auth.secret or auth.keys ('openssl rand -hex 32' makes a secret)"
            )
        return self

    @model_validator(mode="after")
    def _fronts_lead_to_origins(self) -> Settings:
        for name, front in (("imgproxy", self.fronts.imgproxy), ("thumbor", self.fronts.thumbor)):
            for start, origin in front.sources.items():
                if origin not in self.origins:
                    raise ValueError(
                        f"fronts.{name}.sources: {start!r} leads to {origin!r}, which is no "
                        "origin; name it in [origins]"
                    )
                if front.unsafe and self.origins[origin].visibility == "private":
                    raise ValueError(
                        f"fronts.{name}.sources: {start!r} leads to the private origin {origin!r}, "
                        "and unsafe = true would show its pictures to everybody"
                    )
        return self

    @model_validator(mode="after")
    def _threads_outnumber_waiters(self) -> Settings:
        waiting = (
            self.render.workers + self.render.queue + self.upload.concurrent + self.jobs.streams
        )
        waiting += self.deep.waiting if self.deep.enabled else 0
        waiting += SIGN_INS if self.auth.mode != "off" else 0
        if self.server.threads <= waiting:
            raise ValueError(
                f"server.threads: expected more than render.workers + render.queue + "
                f"upload.concurrent + jobs.streams + deep.waiting + {SIGN_INS} where there are "
                f"accounts ({waiting}), so that cached pictures are served while all of those "
                f"wait; got {self.server.threads}"
            )
        return self


def fields() -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield the path and the declaration of every setting, in order: ("bind",) …"""
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            yield from (((name, inner), found) for inner, found in section.model_fields.items())
        else:
            yield (name,), field


def names() -> Iterator[tuple[str, ...]]:
    """Yield the path of every setting: ("bind",), ("server", "workers") …"""
    return (where for where, _ in fields())


def variable(where: tuple[str, ...]) -> str:
    """Return the environment variable that overrides the setting."""
    return PREFIX + "_".join(where).upper()
