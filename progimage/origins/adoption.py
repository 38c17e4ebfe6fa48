"""Pictures of an origin that are imported into the library at their first request.

While the pointer to an imported picture exists, the origin is not asked again. Its address then
shows the picture of the library, as the library has it now: nothing if it was removed or hidden,
or is in the trash. Without the pointer, the next request imports what the origin has then.

So a picture that was removed from the library does not come back by itself, and no request can
make a picture visible that its owner has hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

import structlog

from progimage.config import Origin as OriginSettings
from progimage.errors import NotFound, OriginFailed, OriginMissing, QuotaExceeded
from progimage.ingest.ingest import Ingest
from progimage.ingest.source import Source
from progimage.library import Library
from progimage.model import Metadata, Record
from progimage.origins.fetch import StoreFetched
from progimage.origins.origins import Found, Origin
from progimage.origins.pointers import Pointers
from progimage.origins.sources.source import OriginDenied, missing

ORIGIN_SCHEME = "origin://"
"""Begins the `source` of a picture that was imported from an origin."""

log = structlog.get_logger()


def address_of(origin: str, key: str) -> str:
    """Return the `source` of a picture that was imported from an origin."""
    return f"{ORIGIN_SCHEME}{origin}/{quote(key)}"


def into_library(
    name: str, settings: OriginSettings, ingest: Ingest, library: Library
) -> StoreFetched:
    """Return the function that imports pictures of an origin.

    Args:
        ingest: over the library; its limits are those of an upload.
    """
    owner = settings.adopt_owner
    metadata = Metadata(visibility=settings.visibility, tags=settings.adopt_tags)

    def store_fetched(stream: Source, key: str) -> Record:
        with ingest.receive(stream, key.rpartition("/")[2]) as staged:
            if library.trash.has(staged.id_for(owner)):
                raise missing(key)  # an upload would restore it
            imported = replace(staged, imported_from=address_of(name, key))
            try:
                record, is_new = ingest.add(imported, metadata, owner)
            except QuotaExceeded as error:
                log.warning("no room for an origin's picture", origin=name, reason=str(error))
                raise OriginFailed("the library has no room for this picture") from None
        log.info("imported an origin's picture", origin=name, picture=record.id, is_new=is_new)
        return record

    return store_fetched


@dataclass(eq=False, kw_only=True)
class AdoptingOrigin(Origin):
    """An origin whose pictures are imported at their first request.

    Args:
        adopted: the pointers to imported pictures.
        library: contains these.
    """

    adopted: Pointers
    library: Library

    def forget(self, key: str) -> None:
        """Have the next request import the picture again; the library's picture stays."""
        super().forget(key)
        self.adopted.remove(self.name, key)

    def _look(self, key: str) -> Found | None:
        known = self.adopted.find(self.name, key)
        if known is None:
            return None
        pointer, _ = known
        try:
            record = self.library.find_for_link(pointer.image_id)
        except NotFound:
            raise missing(key) from None
        return Found(self._visible(key, record), pointer, "hit", self.settings.fresh_s)

    def _fetch(self, key: str) -> Found:
        try:
            pointer, record = self.fetcher.fetch(key)
        except (OriginMissing, OriginDenied):
            self._note_missing(key)
            raise missing(key) from None
        assert record is not None  # noqa: S101  # no known version was given
        if self.adopted.write(self.name, pointer, None) is None:
            # Another node was faster, maybe with another version.
            found = self._look(key)
            if found is not None:
                return found
        return Found(self._visible(key, record), pointer, "miss", self.settings.fresh_s)

    def _visible(self, key: str, record: Record) -> Record:
        """Return the record; raise `OriginMissing` if the picture may not be shown.

        Requests to a private origin are authorised before.
        """
        if record.is_public or self.settings.visibility == "private":
            return record
        raise missing(key)
