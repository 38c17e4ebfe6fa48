"""A source that an HTTP client may read more than once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

from progimage.stores.deadline import budget

SMALL_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20


class Tail:
    """The rest of a seekable `source`, from its position at construction, as a stream.

    Position 0 is the start of that rest: clients rewind to 0 before they send again.

    Attributes:
        size: bytes from there to the end.
        error: what `source` raised while it was read, if it did.
    """

    def __init__(self, source: BinaryIO, start: int) -> None:
        self._source = source
        self._start = start
        self.size = source.seek(0, io.SEEK_END) - start
        self.error: Exception | None = None
        source.seek(start)

    def read(self, size: int = -1, /) -> bytes:
        # HTTP clients wrap what a body raises and try again; the first error stays.
        if self.error:
            raise self.error
        # It is read as fast as the store takes it.
        if (waiting := budget()) is not None:
            waiting.progress()
        try:
            return self._source.read(size)
        except Exception as error:
            self.error = error
            raise

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET:
            offset += self._start
        return self._source.seek(offset, whence) - self._start

    def tell(self) -> int:
        return self._source.tell() - self._start


@contextmanager
def rewindable(source: BinaryIO) -> Iterator[bytes | Tail]:
    """Yield all that is left of `source` in a form that can be sent repeatedly.

    Up to 1 MiB is read into memory; more stays in `source` when that can seek, and
    is otherwise copied to a temporary file.
    """
    first = io.BytesIO()
    while first.tell() <= SMALL_BYTES and (chunk := source.read(SMALL_BYTES + 1 - first.tell())):
        first.write(chunk)
    if first.tell() <= SMALL_BYTES:
        yield first.getvalue()
    elif source.seekable():
        yield Tail(source, source.tell() - first.tell())
    else:
        with TemporaryFile() as spool:
            spool.write(first.getvalue())
            while chunk := source.read(_CHUNK_BYTES):
                spool.write(chunk)
            yield Tail(spool, 0)
