"""The interface of an origin's source. The contract test runs on every kind of source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from progimage.errors import OriginFailed, OriginMissing
from progimage.ingest.source import Source


class OriginDenied(OriginFailed):
    """The origin denies access to a picture that it has sent before.

    It may be gone: an origin that may not be listed says the same of both.
    """


class OriginUnreachable(OriginFailed):
    """The origin gave no answer at all."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a picture as its origin has it, positioned at the first byte.

    Attributes:
        name: tells this version from others, opaque; "" where the origin cannot tell.
        stream: the bytes.
        max_age_s: for how long the origin says that it stays as it is, None if it does not say.
        modified: when it was last changed, as an HTTP date; "" if unknown.
    """

    name: str
    stream: Source
    max_age_s: int | None = None
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The answer that the known version is still the current one."""

    max_age_s: int | None = None


class OriginSource(Protocol):
    """Reads pictures by key. A key is any text without control characters or dot segments."""

    def open(self, key: str, known: str = "") -> AbstractContextManager[Version | Unchanged]:
        """Yield the picture, or `Unchanged` if its version is `known`.

        Raises:
            OriginMissing: there is none, or none that may be read.
            OriginFailed, OriginTimeout: the origin cannot answer now.
        """
        ...


@runtime_checkable
class ListedSource(Protocol):
    """A source that knows all its keys; a web server does not."""

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix` and sort behind `after`, in order.

        Raises:
            OriginFailed: the origin cannot answer now.
        """
        ...


def missing(key: str) -> OriginMissing:
    """Return the error for a key that the origin does not have."""
    return OriginMissing(f"the origin has no picture {key[:200]!r}")
