"""The parts of a job: its request, the outcome of each item, how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, field_serializer

from progimage.jobs.publish.destination import Published
from progimage.model import Metadata
from progimage.stores.json_objects import JsonObject

Kind = Literal["import", "render", "purge"]
State = Literal["pending", "complete", "failed"]
Status = Literal["pending", "in-progress", "complete", "cancelled"]

CHUNK = 500
"""The number of entries in one object."""

SHARD = 100
"""Items that one runner works on at a time."""


class JobFile(JsonObject):
    """A stored part of a job."""

    noun: ClassVar[str] = "job"


class Entry(JobFile):
    """One distinct entry of a job.

    Attributes:
        value: a URL to import, the id of a picture to render, or a part of an origin to purge
            (see `progimage.origins.purging`).
        positions: its places in the list that was sent; more than one if repeated.
        error: why it cannot be worked on; "" if it can.
    """

    value: str
    positions: tuple[int, ...]
    error: str = ""


class Entries(JobFile):
    """Some of a job's entries, in order."""

    entries: tuple[Entry, ...]


class Request(JobFile):
    """The request without its entries; written once.

    Each entry makes one item, or in a render job one for each transform: entry
    `number // width` with transform `number % width`.

    Attributes:
        owner: "" is the default owner.
        metadata: of each picture that is imported.
        publish: name of the destination that each picture is sent on to; "" for none.
        album: of the destination; "" for none.
        transforms: pipelines in their canonical form, each with its format if it has one.
        entries: how many distinct ones there are.
        repeated: how often an entry was sent, by its number, if more than once.
        more_after: in an import from an origin, the last key; the next job continues after it.
    """

    id: str
    owner: str = ""
    created: datetime
    kind: Kind
    metadata: Metadata = Metadata()
    publish: str = ""
    album: str = ""
    transforms: tuple[str, ...] = ()
    entries: int
    repeated: dict[int, int] = Field(default_factory=dict)
    more_after: str = ""

    @field_serializer("metadata")
    def _changed_fields(self, metadata: Metadata) -> dict[str, Any]:
        """Leave out fields with their default: nodes of an earlier version may not know them."""
        return metadata.model_dump(mode="json", exclude_defaults=True)

    @property
    def width(self) -> int:
        """Items of one entry."""
        return max(len(self.transforms), 1)

    @property
    def items(self) -> int:
        """Distinct items."""
        return self.entries * self.width

    @property
    def total(self) -> int:
        """Requested items, repeated ones counted as often as they were sent."""
        return self.width * (self.entries + sum(self.repeated.values()) - len(self.repeated))

    @property
    def shards(self) -> int:
        """How many times `SHARD` items there are, the last perhaps fewer."""
        return -(-self.items // SHARD)

    def transform_of(self, number: int) -> str:
        """Return the pipeline of an item; "" in an import."""
        return self.transforms[number % self.width] if self.transforms else ""

    def times(self, number: int) -> int:
        """Return how often an item was requested."""
        return self.repeated.get(number // self.width, 1)

    def of_shard(self, shard: int) -> range:
        """Return the items of a shard."""
        return range(shard * SHARD, min((shard + 1) * SHARD, self.items))


class Outcome(JobFile):
    """The outcome of one item.

    Attributes:
        image_id: the picture that was imported or rendered; "" without one. An item whose
            picture was imported but not published has failed, and has this id too.
        rendition: the last part of the rendition's path, in a render job.
        is_new: the import added a picture that was not there before.
        published: where the picture was sent on to.
        purged: how many pictures of the part were removed, in a purge.
        error: name of the error's class; "" for success.
        detail: the message of the error, which is safe to show.
    """

    image_id: str = ""
    rendition: str = ""
    is_new: bool = False
    published: Published | None = None
    purged: int = 0
    error: str = ""
    detail: str = ""

    @property
    def state(self) -> State:
        """Complete or failed."""
        return "failed" if self.error else "complete"


class Counts(NamedTuple):
    """How many items are in which state, repeated ones counted as often as they were sent."""

    pending: int
    complete: int
    failed: int


class Finished(JobFile):
    """How a job ended: all items done, or cancelled before. `counts` only of the former."""

    finished: datetime
    status: Literal["complete", "cancelled"]
    counts: Counts | None = None


class Progress(NamedTuple):
    """How far a job has come."""

    request: Request
    status: Status
    counts: Counts
    finished: datetime | None = None


class Item(NamedTuple):
    """One item of a job; `outcome` is None while it is pending."""

    number: int
    entry: Entry
    transform: str
    outcome: Outcome | None
