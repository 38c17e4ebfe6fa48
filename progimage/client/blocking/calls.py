# Generated from progimage/client/asynchronous by `make client`. Do not edit.
"""The calls of the client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, Unpack
from urllib.parse import quote

from progimage.client.blocking import endpoints, images, uploads
from progimage.client.blocking.account import AccountCalls
from progimage.client.blocking.albums import AlbumCalls
from progimage.client.blocking.images import Image, image_of
from progimage.client.blocking.jobs import JobCalls
from progimage.client.blocking.pages import Page, pages
from progimage.client.blocking.uploads import Uploaded, upload_or_error
from progimage.client.concurrency import in_parallel
from progimage.client.criteria import Criteria, Tag, query_parameters
from progimage.client.errors import InvalidCall, ServerError, UnexpectedAnswer, Unreachable
from progimage.client.fields import UploadFields
from progimage.client.messages import Request
from progimage.client.pipelines import Pipeline, path_of
from progimage.client.records import Edit, OnExternal, OnKnown, Visibility, bulk_change, merge_patch
from progimage.client.results import BulkResult, Link, Saved
from progimage.client.sinks import Target
from progimage.client.sources import Source
from progimage.client.steps import image_path

DEFAULT_CONCURRENCY = 8


class Calls(AlbumCalls, JobCalls, AccountCalls):
    """The calls of the client.

    Each can raise a `ClientError`: a `Problem` if the server answers with an error,
    `Unreachable` or `TimedOut` if there is no answer, `UnexpectedAnswer` if another
    service is at the address, and `InvalidCall` for arguments that cannot be sent.
    """

    def upload(
        self,
        source: Source,
        *,
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
        name: str | None = None,
        on_known: OnKnown = "keep",
        external_id: str = "",
        on_external: OnExternal = "conflict",
        progress: Callable[[int, int], object] | None = None,
    ) -> Image:
        """Upload an image and return it.

        More than 8 MiB is sent in chunks and resumes after a broken connection.

        Args:
            source: a path, bytes, an open binary file, or a URL for the server to fetch.
            name: the file name, if it is not that of the path.
            on_known: if the image is already there, "keep" its fields, "merge" (add the tags,
                fill an empty title or description) or "replace" them.
                `not_applied` of the result names the fields that were not taken.
            external_id: its id in another system, unique among your images.
            on_external: "replace" moves the id from the image that has it to this one.
            progress: called with the bytes that have arrived and the bytes in total.

        Raises:
            NotAPicture, TooLarge: the server does not accept these bytes.
            Conflict: another image has the external id.
            InvalidCall: the source cannot be read.
        """
        fields = UploadFields(
            title, description, tags, visibility, name, on_known, external_id, on_external
        )
        return uploads.upload(self._session, source, fields, progress)

    def upload_many(
        self,
        sources: Iterable[Source],
        *,
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
        on_known: OnKnown = "keep",
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> Iterator[Uploaded]:
        """Upload many images, `concurrency` at a time; yield each result when it is ready.

        `sources` is read no faster than the server accepts images. An upload that fails
        has an `error` instead of an `image`, and does not stop the others.
        """
        if concurrency < 1:
            raise InvalidCall(f"concurrency: expected at least 1, got {concurrency}")
        fields = UploadFields(title, description, tags, visibility, on_known=on_known)
        calls = (partial(upload_or_error, self._session, source, fields) for source in sources)
        with closing(in_parallel(calls, concurrency)) as results:
            for result in results:
                yield result

    def get(self, image_id: str) -> Image:
        """Return an image.

        Raises:
            NotFound: there is no such image.
        """
        return images.fetch(self._session, image_id)

    def read(self, image_id: str) -> bytes:
        """Return the bytes of an original."""
        return endpoints.read(self._session, path_of(image_id, "", None))

    def render(self, image_id: str, pipeline: str | Pipeline, format: str | None = None) -> bytes:
        """Return the bytes of a rendition: `render(id, "thumbnail:200x200", "webp")`."""
        return endpoints.read(self._session, path_of(image_id, pipeline, format))

    def save(
        self,
        image_id: str,
        target: Target,
        pipeline: str | Pipeline = "",
        format: str | None = None,
    ) -> Saved:
        """Write an original or a rendition to a path or an open file; return its size and type.

        The data is streamed. A file at a path appears when it is complete, or not at all.
        """
        return endpoints.save(self._session, path_of(image_id, pipeline, format), target)

    def transform(
        self, source: Source, pipeline: str | Pipeline, format: str | None = None
    ) -> bytes:
        """Return the result of a pipeline for an image that is sent along and not stored."""
        return uploads.transform(self._session, source, pipeline, format)

    def search(self, **criteria: Unpack[Criteria]) -> Iterator[Image]:
        """Yield every image that matches all criteria, by default the newest first.

        Pages of `page_size` images are fetched when they are needed.

        Args:
            tag, tags_all, tags_any: it has this tag, all of these, any of these.
            q: each of these words is part of a word of title, description, file name or tags.
            external_id: it has this external id; only `owner` can be combined with it.
            owner, visibility, media_type: it has this value; `owner="me"` for your own.
            created_after, created_before: when it was uploaded, a datetime or ISO 8601.
            near: it looks like the image with this id; near_distance: in at most so many of 64
                bits of their hashes they differ.
            sort: "created", "title", "size" or "taken"; with "-" before it the greatest come
                first.
            page_size: how many images to fetch at a time, up to 1,000.
        """
        for page in self.pages(**criteria):
            for image in page.images:
                yield image

    def pages(self, **criteria: Unpack[Criteria]) -> Iterator[Page]:
        """Yield the results of `search` page by page, with the total number of matches."""
        for page in pages(self._session, "/images/", query_parameters(criteria)):
            found = tuple(image_of(self._session, record) for record in page["data"])
            yield Page(found, int(page.get("total") or 0), page.get("total_is_exact") is True)

    def tags(self, prefix: str = "") -> Iterator[Tag]:
        """Yield the tags that begin with `prefix`, in alphabetical order."""
        parameters = [("limit", "1000"), *([("prefix", prefix)] if prefix else [])]
        for page in pages(self._session, "/tags/", parameters):
            for item in page["data"]:
                try:
                    tag = Tag(str(item["tag"]), int(item["count"]), item["count_is_exact"] is True)
                except (KeyError, TypeError, ValueError):
                    raise UnexpectedAnswer("the server sent a tag without name or count") from None
                yield tag

    def edit(
        self,
        image_id: str,
        **fields: Unpack[Edit],
    ) -> Image:
        """Change some fields, on top of edits by others; return the image.

        `Image.edit` raises `Changed` instead if the image was edited since it was read.

        Args:
            fields: `title`, `description`, `tags`, `visibility`, `rights`, `alt`, `focal_point`
                (such as (0.3, 0.7), "" for none) and `custom` (a dict; None removes a field).
        """
        path = f"{image_path(image_id)}metadata/"
        changed = endpoints.edit(self._session, path, merge_patch(fields))
        return image_of(self._session, changed)

    def delete(self, image_id: str) -> None:
        """Delete an image and its renditions; where there is a trash, `restore` undoes it.

        Raises:
            NotFound: there is no such image.
        """
        endpoints.delete(self._session, image_path(image_id))

    def change_many(
        self,
        image_ids: Iterable[str],
        *,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        visibility: Visibility | None = None,
    ) -> list[BulkResult]:
        """Add and remove tags of many images, or show or hide them; return a result for each.

        A failure of one image does not stop the others.

        Raises:
            InvalidCall: nothing is changed.
        """
        change = bulk_change(add_tags, remove_tags, visibility)
        return endpoints.change_many(self._session, image_ids, change)

    def delete_many(self, image_ids: Iterable[str]) -> list[BulkResult]:
        """Delete many images with their renditions; return a result for each.

        A failure of one image does not stop the others.
        """
        return endpoints.change_many(self._session, image_ids, {"delete": True})

    def restore_many(self, image_ids: Iterable[str]) -> list[BulkResult]:
        """Restore many images from the trash; return a result for each."""
        return endpoints.change_many(self._session, image_ids, {"restore": True})

    def restore(self, image_id: str) -> Image:
        """Restore an image from the trash.

        Raises:
            NotFound: it is not in the trash.
        """
        # The second time it is no longer in the trash.
        request = Request("POST", f"/trash/{quote(image_id, safe='')}/", is_repeatable=False)
        return image_of(self._session, (self._session.request(request)).document)

    def trash(self) -> Iterator[Image]:
        """Yield the images in the trash, the last deleted first."""
        for page in pages(self._session, "/trash/", [("limit", "1000")]):
            for document in page["data"]:
                yield image_of(self._session, document)

    def empty_trash(self) -> int:
        """Remove all images in the trash for good; return how many there were."""
        removed, is_empty = 0, False
        while not is_empty:
            document = (self._session.request(Request("DELETE", "/trash/"))).document
            removed += int(document.get("removed") or 0)
            is_empty = document.get("is_empty") is not False
        return removed

    def purge(self, image_id: str) -> int:
        """Delete the cached renditions of an image; return how many there were."""
        return endpoints.purge(self._session, image_id)

    def link(self, image_id: str, pipeline: str | Pipeline = "", expires_in: int = 3600) -> Link:
        """Return a signed address that works without a token for `expires_in` seconds."""
        return endpoints.link(self._session, image_id, str(pipeline), expires_in)

    def transforms(self) -> dict[str, Any]:
        """Return all operations with their arguments, all formats, all presets."""
        return (self._session.request(Request("GET", "/transforms/"))).document

    def is_ready(self) -> bool:
        """Return whether the service answers and its store works."""
        try:
            self._session.request(Request("GET", "/health/ready"))
        except (ServerError, Unreachable):
            return False
        return True
