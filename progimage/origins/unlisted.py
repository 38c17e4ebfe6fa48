"""An index that lists nothing: copies of foreign pictures are found by their id alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from progimage.library.index.index import Index
from progimage.library.index.layout import Posting


class Unlisted(Index):
    """Takes the place of an index, and writes nothing."""

    @contextmanager
    def writing(self, postings: Collection[Posting]) -> Iterator[None]:
        """Write none of the `postings`."""
        del postings
        yield

    def confirm(self, postings: Collection[Posting]) -> None:
        """Confirm nothing."""

    def remove(self, postings: Collection[Posting]) -> None:
        """Remove nothing."""
