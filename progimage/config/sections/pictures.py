"""Settings of uploads, pictures and renders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from progimage.config.sections.base import Section

# RFC 9110, section 5.6.2.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# Those that the downloader sends by itself, or that change the exchange.
_OWN_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept", "accept-encoding"}
    | {"via", "range", "expect", "te", "trailer", "upgrade"}
)


class Upload(Section):
    """Limits for uploads."""

    max_bytes: int = Field(
        default=32 * 2**20,
        ge=1024,
        le=5 * 2**30,
        description="Largest picture.",
    )
    max_json_bytes: int = Field(
        default=16 * 2**20, ge=1024, le=2**30, description="Largest JSON body."
    )
    max_request_bytes: int = Field(
        default=512 * 2**20,
        ge=1024,
        le=100 * 2**30,
        description="Largest request, with all its pictures.",
    )
    max_pictures: int = Field(
        default=100, ge=1, le=10_000, description="Most pictures in one request."
    )
    stall_timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Longest time that a client may send nothing in the middle of a body.",
    )
    total_timeout_s: float = Field(
        default=600.0, gt=0, le=86_400, description="Longest time that one upload may take."
    )
    concurrent: int = Field(
        default=12,
        ge=1,
        le=1024,
        description="Uploads at the same time in one web process; more get 503.",
    )
    resumable_expires_s: int = Field(
        default=86_400,
        ge=1,
        le=2_592_000,
        description="A resumable upload must be finished within this time.",
    )
    accept_damaged: bool = Field(
        default=True,
        description="Accept a damaged picture, such as a JPEG without its last bytes, if enough of "
        "it can be shown; its record then says what is wrong. Off, it gets 422.",
    )


class Trash(Section):
    """Deleted pictures that can be restored."""

    days: int = Field(
        default=0,
        ge=0,
        le=3_650,
        description="Days for which a deleted picture can be restored; then `progimage gc` removes "
        "it. 30 is a good choice where people delete. 0: there is no trash, DELETE removes "
        "pictures at once. Turn it on when all nodes run a version that supports it.",
    )


class Quota(Section):
    """How much each account may have."""

    enabled: bool = Field(
        default=False,
        description="Count what each account has, and hold it to its quota. It costs each upload "
        "and removal of an account a read and a write.",
    )
    max_pictures: int = Field(
        default=0,
        ge=0,
        description="Most pictures of an account that has no limit of its own, with those in the "
        "trash. 0: no limit.",
    )
    max_size_bytes: int = Field(
        default=0,
        ge=0,
        description="Most bytes of their originals. 0: no limit.",
    )


class Download(Section):
    """Pictures fetched from URLs that a request names."""

    enabled: bool = Field(
        default=True, description="Whether requests may name a URL to fetch a picture from."
    )
    allow_private: bool = Field(
        default=False,
        description="Also fetch from loopback and private networks. Only for services where "
        "everybody who may upload may also read all web servers there. Link-local and metadata "
        "addresses are never fetched from.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description='Fetch only from these hosts (empty: from any): names, "*.example.com" for '
        "all names below one, addresses.",
    )
    denied_hosts: tuple[str, ...] = Field(
        default=(), description="Never fetch from these hosts; written in the same way."
    )
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="Longest time to connect to one address."
    )
    total_timeout_s: float = Field(
        default=20.0,
        gt=0,
        le=600,
        description="Longest time for one picture, with its redirects.",
    )
    max_redirects: int = Field(default=3, ge=0, le=10, description="Most redirects to follow.")
    headers: Mapping[str, str] = Field(
        default={},
        description="Headers that every host gets with a request, so no secrets, such as "
        '{User-Agent = "Shop/1.0", Referer = "https://shop.example/"}.',
    )

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Allow what changes neither the exchange nor where it leads."""
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
                raise ValueError(f"{name!r} is not a header that can be set")
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"{name}: expected printable ASCII")
        return headers


class LimitSettings(Section):
    """Limits for pictures. They are checked before decoding, and no request can raise them."""

    max_source_pixels: int = Field(
        default=50_000_000, ge=1, description="Most pixels of a source, all frames together."
    )
    max_source_side: int = Field(
        default=30_000, ge=1, description="Longest side of a source, in pixels."
    )
    max_frames: int = Field(
        default=5_000,
        ge=1,
        description="Most frames of an animation. Their pixels count for max_source_pixels.",
    )
    max_output_pixels: int = Field(
        default=40_000_000, ge=1, description="Most pixels of a rendition, all frames together."
    )
    max_output_side: int = Field(
        default=8_192, ge=1, description="Longest side of a rendition, in pixels."
    )
    max_steps: int = Field(
        default=10, ge=1, le=100, description="Most steps in one pipeline, presets expanded."
    )


class Render(Section):
    """The render processes of each web process."""

    workers: int = Field(default=1, ge=1, le=256, description="Render processes.")
    queue: int = Field(
        default=64,
        ge=0,
        le=1024,
        description="Renders that may wait for a process, at most half of them of one client; "
        "more get 503 at once.",
    )
    timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Most processor time of one render; then its process is killed, and the "
        "answer is 422.",
    )
    wall_timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Longest time of one render by the clock, which counts the time that it "
        "waits for a busy processor; then its process is killed, and the answer is 503. Renders "
        "wait for a process for as long at most.",
    )
    memory_bytes: int = Field(
        default=2 * 2**30, ge=2**28, description="Most address space of a render process."
    )
    tasks_per_worker: int = Field(
        default=1000,
        ge=1,
        description="A process is replaced after this many renders, in case a codec leaks memory.",
    )
    working_copy_px: int = Field(
        default=2048,
        ge=0,
        le=8192,
        description="Long side of the largest working copy of a picture of 2.5 megapixels or "
        "more; 0 makes none. Renditions are made from these copies, in a third of the time. They "
        "are in the store beside the original, take 0.3 to 1 times its bytes, and are made at the "
        'upload, or when one is missing. Set the same on every node. After a change, "progimage '
        'gc" removes the old copies and "progimage prepare" makes the new ones.',
    )
    niceness: int = Field(
        default=10,
        ge=0,
        le=19,
        description="Scheduling priority of renders: the higher, the more they give way to "
        "cached pictures on a busy machine.",
    )
    where: Literal["here", "workers"] = Field(
        default="here",
        description='Who makes renditions that are not cached: "here", or "workers" (progimage '
        "worker --renders), which web nodes reach through jobs.broker. If the broker cannot be "
        "reached, they are made here.",
    )
    answer_timeout_s: float = Field(
        default=15.0,
        gt=0,
        le=600,
        description="With workers: longest wait for a rendition; then the answer is 503.",
    )


class Transforms(Section):
    """Which transforms clients may request, and how many."""

    policy: Literal["open", "presets", "signed"] = Field(
        default="open",
        description='Which transforms everybody may request. "open": all. "presets": '
        'only the presets below. "signed": the presets, and all others by signed '
        "links. Originals are not affected. After a change to a narrower policy run `progimage "
        "gc` once: it removes from the public cache, which nginx may serve by itself, what the "
        "policy no longer allows.",
    )
    cold_per_minute: int = Field(
        default=600,
        ge=0,
        le=1_000_000,
        description="Renders that one client (an account, or else an address; an IPv6 /64) may "
        "cause in a minute, after a burst. Cached pictures do not count. 0: no limit. Each web "
        "process counts for itself, so a client gets at least this, and at most server.workers "
        "times as much. Behind a proxy set server.trusted_proxies first, or all clients count "
        "as one.",
    )
    cold_burst: int = Field(
        default=2_000,
        ge=1,
        le=1_000_000,
        description="Renders that a client may cause at once before that rate applies.",
    )
