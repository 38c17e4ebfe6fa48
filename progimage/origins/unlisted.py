"""An index that lists nothing: copies of foreign pictures are found by their id alone."""

from __future__ import annotations

from progimage.library.index.index import Index
from progimage.library.index.manifest import Manifest
from progimage.library.index.view import View


class Unlisted(Index):
    """Takes the place of an index, and writes nothing."""

    def require(self) -> None:
        """Require nothing of the store."""

    def put_announcement(self, key: str) -> None:
        """Announce nothing."""

    def remove_announcement(self, key: str) -> None:
        """Take nothing back."""

    def view(self) -> View:
        """Return a view of nothing."""
        return View(Manifest(rows=()), "", ())
