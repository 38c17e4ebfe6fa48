"""Every call of the service as a method, written once for both clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Unpack
from urllib.parse import quote

from progimage.client import endpoints, images, search, uploads
from progimage.client.drivers import Batch, M
from progimage.client.effects import Ask, Emit, Stream, Talk
from progimage.client.endpoints import Link
from progimage.client.errors import InvalidCall, ServerError, UnexpectedAnswer, Unreachable
from progimage.client.images import Image, Visibility
from progimage.client.jobs import Job, fetch_job, job_of, start_job
from progimage.client.methods import Bound, batch, call, stream
from progimage.client.pipelines import Pipeline, path_of
from progimage.client.search import Criteria, Page, Tag, Where
from progimage.client.session import Tokens
from progimage.client.sinks import Target
from progimage.client.sources import Source
from progimage.client.uploads import Uploaded, said_of

DEFAULT_CONCURRENCY = 8


class Calls(Bound[M]):
    """What the service can do."""

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use, to be kept for the next time."""
        return self._driver.session.tokens

    @call
    def login(self, name: str, password: str) -> Talk[Tokens]:
        """Exchange name and password for tokens, and use them from now on."""
        ask = Ask(
            "POST",
            "/tokens/",
            json={"username": name, "password": password},
            is_repeatable=False,
            has_token=False,
        )
        answer = yield from self._driver.session.exchange(ask)
        tokens = Tokens.of(answer.document)
        if not tokens.access_token:
            raise UnexpectedAnswer("the server sent no access token")
        self._driver.session.tokens = tokens
        return tokens

    @call
    def refresh_tokens(self) -> Talk[Tokens]:
        """Get new tokens for the refresh token; done by itself when one has run out."""
        return (yield from self._driver.session.refresh())

    @call
    def logout(self) -> Talk[None]:
        """End the session on the server, and forget its tokens."""
        tokens = self._driver.session.tokens
        if tokens is None or not tokens.session:
            raise InvalidCall("there is no session to end; log in")
        yield from endpoints.delete_at(self._driver, f"/tokens/{quote(tokens.session, safe='')}/")
        self._driver.session.tokens = None

    @call
    def upload(
        self,
        source: Source,
        *,
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
        name: str | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Talk[Image[M]]:
        """Keep a picture: a path, bytes, an open file, or a URL for the server to fetch.

        One of more than 8 MiB goes in pieces, and resumes where a connection broke.
        `progress` is called with the bytes that arrived and the bytes in all.

        Raises:
            NotAPicture, TooLarge: the server cannot keep this.
            InvalidCall: it cannot be read.
        """
        said = said_of(title, description, tags, visibility, name)
        return (yield from uploads.upload(self._driver, source, said, progress))

    @batch
    def upload_many(
        self,
        sources: Iterable[Source],
        *,
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> Batch[Uploaded[M]]:
        """Keep many pictures, some at a time; yield what became of each, as it does.

        `sources` is read as slowly as the server takes them. One that fails has an
        `error` in place of an `image`, and does not stop the others.
        """
        if concurrency < 1:
            raise InvalidCall(f"concurrency: expected at least 1, got {concurrency}")
        said = said_of(title, description, tags, visibility)
        one = uploads.upload_or_error
        return (partial(one, self._driver, source, said) for source in sources), concurrency

    @call
    def get(self, image_id: str) -> Talk[Image[M]]:
        """Return what is known of a picture."""
        return (yield from images.fetch(self._driver, image_id))

    @call
    def read(self, image_id: str) -> Talk[bytes]:
        """Return the bytes of an original."""
        return (yield from endpoints.read(self._driver, path_of(image_id, "", None)))

    @call
    def render(
        self, image_id: str, pipeline: str | Pipeline, format: str | None = None
    ) -> Talk[bytes]:
        """Return the bytes of a rendition: `render(id, "thumbnail:200x200", "webp")`."""
        path = path_of(image_id, pipeline, format)
        return (yield from endpoints.read(self._driver, path))

    @call
    def save(
        self,
        image_id: str,
        target: Target,
        pipeline: str | Pipeline = "",
        format: str | None = None,
    ) -> Talk[int]:
        """Write an original or a rendition to a path or an open file; return its bytes.

        It passes through in pieces. A file at a path is there whole or not at all.
        """
        path = path_of(image_id, pipeline, format)
        return (yield from endpoints.save(self._driver, path, target))

    @call
    def transform(
        self, source: Source, pipeline: str | Pipeline, format: str | None = None
    ) -> Talk[bytes]:
        """Return what a pipeline makes of a picture that is sent along and not kept."""
        return (yield from uploads.transform(self._driver, source, pipeline, format))

    @stream
    def search(self, **criteria: Unpack[Criteria]) -> Stream[Image[M]]:
        """Yield every picture that matches all criteria, newest first.

        Pages of `page_size` pictures are fetched as they are needed.
        """
        where: Where | None = search.first_page(criteria)
        while where is not None:
            page, where = yield from search.fetch_page(self._driver, where)
            for image in page.images:
                yield Emit(image)

    @stream
    def pages(self, **criteria: Unpack[Criteria]) -> Stream[Page[M]]:
        """Yield what matches all criteria page by page, with the number of all matches."""
        where: Where | None = search.first_page(criteria)
        while where is not None:
            page, where = yield from search.fetch_page(self._driver, where)
            yield Emit(page)

    @stream
    def tags(self, prefix: str = "") -> Stream[Tag]:
        """Yield the tags there are, in alphabetical order."""
        where: Where | None = search.first_tags(prefix)
        while where is not None:
            tags, where = yield from search.fetch_tags(self._driver, where)
            for tag in tags:
                yield Emit(tag)

    @call
    def edit(
        self,
        image_id: str,
        *,
        title: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        visibility: Visibility | None = None,
    ) -> Talk[Image[M]]:
        """Change what is given, whatever others change meanwhile; return the picture.

        `Image.edit` is the careful one: it refuses if somebody else was faster.
        """
        changes = images.edit_of(title, description, tags, visibility)
        return (yield from images.edit(self._driver, image_id, changes))

    @call
    def delete(self, image_id: str) -> Talk[None]:
        """Remove a picture with everything."""
        yield from endpoints.delete(self._driver, image_id)

    @call
    def purge(self, image_id: str) -> Talk[int]:
        """Forget the cached renditions of a picture; return how many there were."""
        return (yield from endpoints.purge(self._driver, image_id))

    @call
    def link(
        self, image_id: str, pipeline: str | Pipeline = "", expires_in: int = 3600
    ) -> Talk[Link]:
        """Return a signed address of an original or a rendition, good for some seconds."""
        return (yield from endpoints.link(self._driver, image_id, str(pipeline), expires_in))

    @call
    def import_urls(
        self,
        urls: Iterable[str],
        *,
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
    ) -> Talk[Job[M]]:
        """Have the server fetch pictures; return the job that does."""
        said = said_of(title, description, tags, visibility)
        return (yield from start_job(self._driver, {"urls": list(urls), **said.fields()}))

    @call
    def prerender(
        self, images: Iterable[str | Image[M]], transforms: Iterable[str | Pipeline]
    ) -> Talk[Job[M]]:
        """Have the server render each of some pictures in each of some ways, ahead of time."""
        ids = [image if isinstance(image, str) else image.id for image in images]
        asked = {"images": ids, "transforms": [str(transform) for transform in transforms]}
        return (yield from start_job(self._driver, asked))

    @call
    def job(self, job_id: str) -> Talk[Job[M]]:
        """Return a job."""
        return (yield from fetch_job(self._driver, job_id))

    @stream
    def jobs(self) -> Stream[Job[M]]:
        """Yield the jobs there are, newest first."""
        where: Where | None = Where("/jobs/")
        while where is not None:
            found, where = yield from search.fetch(self._driver, where)
            for document in found["data"]:
                yield Emit(job_of(self._driver, document))

    @call
    def transforms(self) -> Talk[dict[str, Any]]:
        """Return every operation with its arguments, every format, every preset."""
        answer = yield from self._driver.session.exchange(Ask("GET", "/transforms/"))
        return answer.document

    @call
    def is_ready(self) -> Talk[bool]:
        """True if the service answers, and its store takes and gives."""
        try:
            yield from self._driver.session.exchange(Ask("GET", "/health/ready"))
        except (ServerError, Unreachable):
            return False
        return True
