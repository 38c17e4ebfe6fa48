"""The result of a copy, and streams whose bytes are checked while they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from progimage.library.quarantine import Hashing
from progimage.stores import Reader

Kind = Literal["copied", "updated", "unchanged", "repaired", "newer", "extra", "removed", "damaged"]

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The result of copying one picture or object.

    copied: it was not there.
    updated: another version was there.
    unchanged: the same version was there.
    repaired: the target's record or bytes were damaged, and were replaced.
    newer: the target has a later version, which stays.
    extra: only the target has this picture.
    removed: only the target had it, and it was removed.
    damaged: its bytes do not match its record, or it cannot be read.
    """

    kind: Kind
    key: str
    size_bytes: int = 0


class Altered(Exception):
    """The source's bytes do not match their record."""


class Verifying(Hashing):
    """A stream that raises `Altered` at its end if its bytes have another hash."""

    def __init__(self, reader: Reader, sha256: str | None = None) -> None:
        super().__init__(reader)
        self._sha256 = sha256

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        if (not data or size < 0) and self._sha256 not in (None, self.digest.hexdigest()):
            raise Altered
        return data
