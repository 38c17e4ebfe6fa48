"""An image of the library, and its renditions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

from progimage.client.asynchronous.endpoints import delete, link, patch, purge, read, save
from progimage.client.asynchronous.session import AsyncSession
from progimage.client.errors import Changed
from progimage.client.messages import Request
from progimage.client.operations import Operations
from progimage.client.pipelines import Pipeline
from progimage.client.records import Edit, ImageRecord, merge_patch, record_fields
from progimage.client.results import Link, Responsive, Saved
from progimage.client.sinks import Target
from progimage.client.steps import Path, image_path, srcset


class AsyncFile(ABC):
    """An original or a rendition on the server."""

    _session: AsyncSession

    @property
    @abstractmethod
    def path(self) -> str:
        """The path on the server."""

    @property
    def url(self) -> str:
        """The complete address; it works without a token if the image is public."""
        return self._session.url_of(self.path)

    async def read(self) -> bytes:
        """Return the bytes.

        Raises:
            Invalid: the server does not know an operation or argument.
            NotFound: there is no such image.
        """
        return await read(self._session, self.path)

    async def save(self, target: Target) -> Saved:
        """Write the bytes to a path or an open file; return their number and media type.

        A file at a path appears when it is complete, or not at all.
        """
        return await save(self._session, self.path, target)


@dataclass(frozen=True, repr=False)
class AsyncRendition(AsyncFile, Operations["AsyncRendition"]):
    """An image with transform steps; no request is sent until it is read or saved."""

    _session: AsyncSession = field(compare=False)
    image_id: str
    pipeline: Path

    def _with_step(self, step: str) -> AsyncRendition:
        return AsyncRendition(self._session, self.image_id, self.pipeline.then(step))

    def to_format(self, extension: str) -> AsyncRendition:
        """Return the same rendition in another format, such as "webp" or "auto"."""
        return AsyncRendition(self._session, self.image_id, self.pipeline.to_format(extension))

    @property
    def path(self) -> str:
        """The path on the server."""
        return self.pipeline.of(self.image_id)

    async def link(self, expires_in: int = 3600) -> Link:
        """Return a signed address that works without a token for `expires_in` seconds."""
        return await link(self._session, self.image_id, str(self.pipeline), expires_in)

    def __repr__(self) -> str:
        return f"Rendition({self.image_id[:12]}…, {str(self.pipeline)!r})"


@dataclass(frozen=True, repr=False, eq=False)
class AsyncImage(ImageRecord, AsyncFile, Operations[AsyncRendition]):
    """An image of the library as it was when it was read; its operations make renditions."""

    _session: AsyncSession

    def _with_step(self, step: str) -> AsyncRendition:
        return AsyncRendition(self._session, self.id, Path((step,)))

    def to_format(self, extension: str) -> AsyncRendition:
        """Return the image in another format, such as "webp" or "auto"."""
        return AsyncRendition(self._session, self.id, Path().to_format(extension))

    @property
    def path(self) -> str:
        """The path of the original on the server."""
        return image_path(self.id)

    def render(self, pipeline: str | Pipeline, format: str | None = None) -> AsyncRendition:
        """Return a rendition of a pipeline, such as "thumbnail:200x200", in a format."""
        path = pipeline.path if isinstance(pipeline, Pipeline) else Path((pipeline,))
        return AsyncRendition(self._session, self.id, path.to_format(format) if format else path)

    def srcset(
        self, widths: Iterable[int], pipeline: Pipeline | None = None, format: str = "auto"
    ) -> str:
        """Return the value of the HTML attribute `srcset` for some widths.

        Args:
            widths: pixels; those above the width of the image become its own width.
            pipeline: steps before the resize; they must not change the width.
            format: of all renditions; with "auto" the server takes the best for the browser.

        Raises:
            InvalidCall: there is no width, or one is below 1.
        """
        paths = srcset(self.id, self.width, widths, pipeline.path if pipeline else Path(), format)
        return ", ".join(f"{self._session.url_of(path)} {width}w" for width, path in paths)

    async def responsive(
        self,
        widths: Iterable[int] = (),
        pipeline: str | Pipeline = "",
        *,
        sizes: str = "",
        expires_in: int | None = None,
    ) -> Responsive:
        """Return HTML that shows the image in several widths, written by the server.

        The addresses of a private image are signed; they work until `expires`.

        Args:
            widths: pixels; by default the usual ones up to the width of the image.
            pipeline: steps before the resize, optionally with a format.
            sizes: the HTML attribute `sizes`.
            expires_in: seconds until signatures expire.
        """
        query = {
            "widths": ",".join(map(str, widths)),
            "pipeline": str(pipeline),
            "sizes": sizes,
            "expires_in": "" if expires_in is None else str(expires_in),
        }
        request = Request(
            "GET",
            f"{self.path}srcset",
            parameters=[(name, text) for name, text in query.items() if text],
            headers={"Accept": "application/json"},
        )
        return Responsive.of((await self._session.request(request)).document)

    async def refresh(self) -> AsyncImage:
        """Return the image as it is now."""
        return await fetch(self._session, self.id)

    async def edit(
        self,
        **fields: Unpack[Edit],
    ) -> AsyncImage:
        """Change some fields; return the image with the changes.

        Args:
            fields: `title`, `description`, `tags`, `visibility`, `rights`, `alt`, `focal_point`
                (such as (0.3, 0.7), "" for none), `external_id` and `custom` (a dict; None
                removes a field).

        Raises:
            Changed: it was edited since this was read; `refresh` and look.
        """
        changes = merge_patch(fields)
        path = f"{self.path}metadata/"
        current = await self._session.request(Request("GET", path))
        if current.document.get("revision") != self.revision:
            raise Changed(412, {"title": "The image has changed", "detail": "read it again"})
        etag = current.headers.get("etag", "")
        return image_of(self._session, await patch(self._session, path, changes, etag))

    async def delete(self) -> None:
        """Delete the image and its renditions."""
        await delete(self._session, self.path)

    async def purge(self) -> int:
        """Delete its cached renditions; return how many there were."""
        return await purge(self._session, self.id)

    async def link(self, expires_in: int = 3600) -> Link:
        """Return a signed address of the original that works without a token."""
        return await link(self._session, self.id, "", expires_in)


def image_of(
    session: AsyncSession, document: Mapping[str, Any], *, is_new: bool = False
) -> AsyncImage:
    """Return the image of a record in JSON.

    Raises:
        UnexpectedAnswer: it is not a record.
    """
    applied, not_applied = (
        tuple(map(str, document.get(name) or ())) for name in ("applied", "not_applied")
    )
    return AsyncImage(
        session,
        **record_fields(document),
        is_new=is_new,
        applied=applied,
        not_applied=not_applied,
    )


async def fetch(session: AsyncSession, image_id: str) -> AsyncImage:
    """Return an image."""
    response = await session.request(Request("GET", f"{image_path(image_id)}metadata/"))
    return image_of(session, response.document)
