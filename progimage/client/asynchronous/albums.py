"""The calls of the client that are about albums."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import quote

from progimage.client.asynchronous import endpoints
from progimage.client.asynchronous.images import AsyncImage, image_of
from progimage.client.asynchronous.pages import pages
from progimage.client.asynchronous.session import AsyncSession
from progimage.client.errors import InvalidCall
from progimage.client.messages import Request
from progimage.client.records import Visibility
from progimage.client.results import Album, BulkResult, Link


class AsyncAlbumCalls:
    """Create, read, change and share albums."""

    _session: AsyncSession

    async def albums(self) -> AsyncIterator[Album]:
        """Yield your albums, the newest first."""
        async for page in pages(self._session, "/albums/", [("limit", "100")]):
            for document in page["data"]:
                yield Album.of(document)

    async def album(self, album_id: str) -> Album:
        """Return an album.

        Raises:
            NotFound: there is no such album.
        """
        return Album.of((await self._session.request(Request("GET", _path(album_id)))).document)

    async def create_album(
        self,
        title: str,
        image_ids: Iterable[str] = (),
        visibility: Visibility | None = None,
        description: str = "",
    ) -> Album:
        """Create an album of images in this order; return it."""
        body = _fields(
            title=title,
            images=list(image_ids),
            visibility=visibility,
            description=description or None,
        )
        request = Request("POST", "/albums/", json=body, is_repeatable=False)
        return Album.of((await self._session.request(request)).document)

    async def edit_album(
        self,
        album_id: str,
        *,
        title: str | None = None,
        description: str | None = None,
        visibility: Visibility | None = None,
        cover: str | None = None,
        images: Iterable[str] | None = None,
    ) -> Album:
        """Change some fields of an album, on top of edits by others; return it.

        Args:
            cover: the id of one of its images, "" for the first.
            images: the ids of all its images, in order.

        Raises:
            NotFound: there is no such album.
            InvalidCall: nothing is changed.
            Changed: others changed it during each of several tries.
        """
        changes = _fields(
            title=title,
            description=description,
            visibility=visibility,
            cover=cover,
            images=None if images is None else list(images),
        )
        if not changes:
            raise InvalidCall("an edit needs a title, description, visibility, cover or images")
        if cover == "":
            changes["cover"] = None
        return Album.of(await endpoints.edit(self._session, _path(album_id), changes))

    async def album_images(self, album_id: str) -> AsyncIterator[AsyncImage]:
        """Yield the images of an album, in order.

        Raises:
            NotFound: there is no such album.
        """
        async for page in pages(self._session, f"{_path(album_id)}images/", [("limit", "200")]):
            for document in page["data"]:
                yield image_of(self._session, document)

    async def change_album(
        self,
        album_id: str,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        before: str | None = None,
    ) -> list[BulkResult]:
        """Add images to an album, and remove others; return a result for each added.

        Args:
            add: ids of images; those that are in the album are moved.
            before: add in front of the image with this id; None: at the end.

        Raises:
            NotFound: there is no such album.
        """
        added, removed = list(add), list(remove)
        results: list[BulkResult] = []
        most = endpoints.MAX_BULK
        for start in range(0, max(len(added), len(removed), 1), most):
            body = _fields(
                add=added[start : start + most],
                remove=removed[start : start + most],
                before=before,
            )
            request = Request("PATCH", f"{_path(album_id)}images/", json=body)
            document = (await self._session.request(request)).document
            results += [BulkResult.of(found) for found in document.get("images") or ()]
        return results

    async def album_link(self, album_id: str, expires_in: int = 3600) -> Link:
        """Return a signed address that shows an album to everybody for `expires_in` seconds."""
        request = Request("POST", f"{_path(album_id)}links/", json={"expires_in": expires_in})
        return Link.of((await self._session.request(request)).document)

    async def delete_album(self, album_id: str) -> None:
        """Delete an album; its images stay."""
        await endpoints.delete(self._session, _path(album_id))


def _path(album_id: str) -> str:
    return f"/albums/{quote(album_id, safe='')}/"


def _fields(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}
