"""Settings of the S3 server, of the caches and of the index."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from progimage.config.sections.base import Section
from progimage.stores.opening import S3Options


class S3(Section):
    """How an S3 store is used."""

    conditional_writes: Literal["required", "off"] = Field(
        default="required",
        description='"required": the server must prove at start that of several writers one '
        'wins. "off": for servers that cannot (OpenStack Swift). Conditions are then compared '
        "before each write, and of two writers at the same moment the last wins: an edit can "
        "overwrite another one unseen, and an upload can be lost while the same picture is being "
        "removed.",
    )
    deadline_s: float = Field(
        default=15.0,
        ge=1,
        le=600,
        description="Longest time that one request may wait for the store, with all retries; "
        "then the answer is 503. What the store answers within a second does not count, nor do "
        "bytes that continue to arrive. Elsewhere (jobs, commands) each call may wait this long.",
    )
    hedged_reads: bool = Field(
        default=True,
        description="Send a read a second time, on another connection, when its first byte takes "
        "longer than 95 % of recent reads, and use the first answer: at most 5 % more GET.",
    )

    @property
    def is_conditional(self) -> bool:
        """False if the last of two writers may win."""
        return self.conditional_writes == "required"

    @property
    def options(self) -> S3Options:
        """The keyword arguments of `open_store` that are set here."""
        return S3Options(
            conditional_writes=self.is_conditional,
            deadline_s=self.deadline_s,
            hedged_reads=self.hedged_reads,
        )


class Cache(Section):
    """The cached renditions in the store: what the service adds, what `progimage gc` keeps."""

    max_age_days: float = Field(default=90.0, ge=0, description="Oldest rendition to keep.")
    max_bytes: int = Field(
        default=10 * 2**30,
        ge=0,
        description="Most bytes to keep. When they are used up, the running service removes the "
        "oldest sixteenth part (each web process may add a 64th part before it notices). It lists "
        "the cache once at its first rendition, and again after each 64th part that it made.",
    )
    max_rendition_bytes: int = Field(
        default=16 * 2**20,
        ge=0,
        description="A larger rendition is sent, and not cached.",
    )
    min_free_bytes: int = Field(
        default=256 * 2**20,
        ge=0,
        description="Bytes of a folder store's disk that cached renditions leave free; if "
        "there are fewer, the oldest renditions are removed.",
    )


class DiskCache(Section):
    """Copies of popular public renditions on a node's own disk, in front of an S3 store."""

    dir: str = Field(
        default="",
        description="A folder on a local disk, so that a hit fetches no bytes from S3; created "
        "for this server's user if missing. Empty: no disk cache. Each node needs its "
        "own. It is an error with a folder store, and not used with delivery.mode "
        '"redirect".',
    )
    max_bytes: int = Field(
        default=2**30,
        ge=2**20,
        description="Most bytes of all copies, including those being written (their index takes "
        "about 1 % more). Copies that were not used lately go first. No copy is larger than "
        "a sixteenth of it.",
    )
    trust_s: float = Field(
        default=0.0,
        ge=0,
        le=3600,
        description="Every hit asks the store whether the copy is still valid, unless it was "
        "confirmed within this time. A picture that was hidden or removed through another node "
        "can be seen on this one for this much longer; through this node never.",
    )


class Index(Section):
    """Where a node keeps what it reads of the index; a store in a local folder needs none."""

    dir: str = Field(
        default="",
        description="The folder of this node's copies of the index, about 500 bytes a picture, if "
        "the store is S3 or a folder on a network. They hold words of private pictures: they go "
        "into a folder that only this server's user can open. Empty: the folder for temporary "
        "files. All processes of a node share the copies.",
    )
    max_bytes: int = Field(
        default=50_000_000_000,
        ge=2**26,
        description="Most bytes of all copies. Beyond that, copies are removed, and fetched again "
        "when they are needed.",
    )
