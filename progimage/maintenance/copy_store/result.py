"""The result of a copy, and streams whose bytes are checked while they are read."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Literal

from progimage.stores import Reader

Kind = Literal["copied", "updated", "unchanged", "repaired", "newer", "extra", "removed", "damaged"]

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The result of copying one picture or object.

    copied, updated: it is the same now; it was not there, or another version was.
    unchanged: it was the same.
    repaired: the target's record or bytes were damaged, and are those of the source now.
    newer: the target has a later version, which stays.
    extra: a picture that only the target has; removed, if that was asked for.
    damaged: its bytes are not those that its record was made of, or it cannot be read.
    """

    kind: Kind
    key: str
    size_bytes: int = 0


class Altered(Exception):
    """The source's bytes do not match their record."""


class Verifying(io.RawIOBase):
    """A stream that fails at its end if its bytes have another hash: nothing is stored then."""

    def __init__(self, reader: Reader, sha256: str | None = None) -> None:
        self._reader = reader
        self._sha256 = sha256
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size)
        self._digest.update(data)
        if (not data or size < 0) and self._sha256 not in (None, self._digest.hexdigest()):
            raise Altered
        return data
