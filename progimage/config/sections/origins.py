"""Settings of origins, and of the URL grammars of other services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from progimage.config.sections.base import Section
from progimage.fields import Tags

Glob = Annotated[str, Field(min_length=1, max_length=200)]
Host = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9][a-z0-9.-]{0,252}$")]
Prefix = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._-]+)*$", max_length=100)]
HexKey = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})+$")]

OWN_PATHS = {
    "albums", "console", "deepzoom", "docs", "external", "health", "iiif", "images", "jobs",
    "metrics", "on_demand", "openapi.json", "origins", "tags", "tokens", "transforms", "trash",
    "uploads", "users",
}  # fmt: skip
"""The first segments of this service's paths, which no front may have as its prefix."""


class Origin(Section):
    """A place that has pictures already; they are rendered without an upload."""

    from_: str = Field(
        alias="from",
        description="file:///folder, s3://bucket/prefix?region=…&endpoint_url=…&profile=…, or "
        "https://host/base/.",
    )
    headers: Mapping[str, str] = Field(
        default={},
        description="Headers for a web server, each the name of an environment variable that "
        'holds the value: {Authorization = "SHOP_TOKEN"}.',
    )
    allow: tuple[Glob, ...] = Field(
        default=(), description="Globs; only keys that match one are served. Empty: all."
    )
    deny: tuple[Glob, ...] = Field(
        default=(), description="Globs; keys that match one are not served."
    )
    max_bytes: int = Field(
        default=32 << 20, ge=1, le=1 << 30, description="The most bytes of one picture."
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=120, description="How long a web server may take for one picture."
    )
    fresh_s: int = Field(
        default=300, ge=0, le=31_536_000,
        description="How long a picture is served before the origin is asked whether it changed.",
    )  # fmt: skip
    stale_s: int = Field(
        default=86_400, ge=0, le=31_536_000,
        description="How long after that it is still served while the origin does not answer.",
    )  # fmt: skip
    missing_s: int = Field(
        default=60, ge=0, le=3_600,
        description="How long a node remembers that the origin does not have a picture.",
    )  # fmt: skip
    respect_cache_control: bool = Field(
        default=True,
        description="Take max-age from the origin's Cache-Control instead of fresh_s.",
    )
    fresh_min_s: int = Field(
        default=0, ge=0, le=31_536_000,
        description="The shortest time that is taken from the origin's Cache-Control.",
    )  # fmt: skip
    fresh_max_s: int = Field(
        default=86_400, ge=0, le=31_536_000,
        description="The longest time that is taken from the origin's Cache-Control.",
    )  # fmt: skip
    fallback: str = Field(
        default="", pattern=r"^([0-9a-f]{64})?$",
        description="Id of a picture of the library to show where the origin's is missing or "
        "cannot be fetched.",
    )  # fmt: skip
    fallback_status: int = Field(
        default=404, ge=200, le=599, description="The status that the fallback is sent with."
    )
    visibility: Literal["public", "private"] = Field(
        default="public", description="private: only for signed links and for accounts."
    )
    originals: bool = Field(
        default=False, description="Whether the pictures themselves are served too."
    )
    adopt: Literal["", "first request"] = Field(
        default="",
        description="first request: import each picture into the library when it is requested "
        "for the first time; after that the origin is not asked for it.",
    )
    adopt_owner: str = Field(
        default="", pattern=r"^([a-z0-9][a-z0-9._-]{1,30}[a-z0-9])?$",
        description="The account that owns these pictures; empty: no account.",
    )  # fmt: skip
    adopt_tags: Tags = Field(default=(), description="The tags of these pictures.")
    queries: bool = Field(
        default=False,
        description="For a web server: send what follows a ? in a key as the query. Each query "
        "is a picture of its own.",
    )
    allow_private_addresses: bool = Field(
        default=False, description="Whether a web server in a private network may be asked."
    )

    @field_validator("from_")
    @classmethod
    def _has_a_known_scheme(cls, value: str) -> str:
        if urlsplit(value).scheme not in ("file", "s3", "http", "https"):
            raise ValueError("expected file:///folder, s3://bucket/prefix or https://host/base/")
        return value

    @model_validator(mode="after")
    def _has_ordered_times(self) -> Origin:
        if self.fresh_min_s > self.fresh_max_s:
            raise ValueError("fresh_min_s: expected at most fresh_max_s")
        return self

    @model_validator(mode="after")
    def _can_adopt(self) -> Origin:
        if self.adopt and self.visibility == "private" and not self.adopt_owner:
            raise ValueError("adopt_owner: the pictures of a private origin need an account")
        if self.adopt and self.queries:
            raise ValueError("adopt: with queries, requests could import pictures without end")
        return self


class SigningKey(Section):
    """A key and a salt of imgproxy, in hex as imgproxy's own settings have them."""

    key: HexKey
    salt: HexKey


class Imgproxy(Section):
    """How imgproxy's URLs are served."""

    hosts: tuple[Host, ...] = Field(default=(), description="Host names for these URLs alone.")
    prefix: Prefix = Field(default="", description="A path before them, such as /imgproxy.")
    keys: tuple[SigningKey, ...] = Field(
        default=(), description="Pairs that sign URLs: [{key = <hex>, salt = <hex>}]."
    )
    signature_bytes: int = Field(
        default=32, ge=8, le=32, description="How many bytes of a signature are compared."
    )
    trusted_signatures: tuple[SecretStr, ...] = Field(
        default=(), description="Texts that are accepted instead of a signature."
    )
    unsafe: bool = Field(default=False, description="Whether unsigned URLs are served.")
    sources: Mapping[str, str] = Field(
        default={},
        description="From the start of a source to the origin that has it; the longest start "
        'counts, "" stands for any: {"local:///" = "shop", "s3://media/" = "media"}.',
    )
    presets: Mapping[str, str] = Field(
        default={}, description='imgproxy\'s presets: {card = "rs:fill:300:200/q:80"}.'
    )
    only_presets: bool = Field(default=False, description="Whether URLs name presets alone.")
    base64_with_name: bool = Field(
        default=False,
        description="The last segment behind a base64 source is a file name, and ignored.",
    )
    watermark: str = Field(
        default="", pattern=r"^([0-9a-f]{64})?$",
        description="Id of the picture of the library that the option watermark uses.",
    )  # fmt: skip

    @property
    def is_on(self) -> bool:
        """True if such URLs are served."""
        return bool(self.hosts or self.prefix)


class Thumbor(Section):
    """How thumbor's and imagor's URLs are served."""

    hosts: tuple[Host, ...] = Field(default=(), description="Host names for these URLs alone.")
    prefix: Prefix = Field(default="", description="A path before them, such as /thumbor.")
    keys: tuple[SecretStr, ...] = Field(default=(), description="Keys that sign URLs, as text.")
    unsafe: bool = Field(default=False, description="Whether /unsafe/ URLs are served.")
    sources: Mapping[str, str] = Field(
        default={},
        description="From the start of a source to the origin that has it, as for imgproxy.",
    )

    @property
    def is_on(self) -> bool:
        """True if such URLs are served."""
        return bool(self.hosts or self.prefix)


class Fronts(Section):
    """URL grammars of other services, for pictures of origins."""

    imgproxy: Imgproxy = Field(default=Imgproxy(), description="imgproxy's URLs.")
    thumbor: Thumbor = Field(default=Thumbor(), description="thumbor's and imagor's URLs.")

    @model_validator(mode="after")
    def _are_distinct(self) -> Fronts:
        fronts: dict[str, Imgproxy | Thumbor] = {
            "imgproxy": self.imgproxy,
            "thumbor": self.thumbor,
        }
        for name, front in fronts.items():
            first = front.prefix.strip("/").partition("/")[0]
            if first in OWN_PATHS:
                raise ValueError(f"fronts.{name}.prefix: /{first} is a path of this service")
            if front.is_on and not front.sources:
                raise ValueError(
                    f"fronts.{name}.sources: name the origin of at least one kind of source"
                )
            if front.is_on and not front.keys and not front.unsafe:
                raise ValueError(
                    f"fronts.{name}: give keys that sign URLs, or set unsafe = true to serve "
                    "unsigned ones to everybody"
                )
        shared = set(self.imgproxy.hosts) & set(self.thumbor.hosts)
        if shared and self.imgproxy.prefix == self.thumbor.prefix:
            raise ValueError(f"fronts: {', '.join(sorted(shared))} can serve one grammar only")
        if self.imgproxy.prefix and self.imgproxy.prefix == self.thumbor.prefix:
            raise ValueError("fronts: two grammars need two prefixes")
        return self


class OriginCache(Section):
    """Stored copies of the pictures of origins, and renditions of these."""

    max_bytes: int = Field(
        default=10 << 30, ge=1 << 20,
        description="The most bytes of all copies and renditions of foreign pictures; the oldest "
        "are removed while the service runs.",
    )  # fmt: skip
    concurrent: int = Field(
        default=8, ge=1, le=256, description="How many pictures are fetched at once."
    )
