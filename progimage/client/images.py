"""A picture, its facts, and renditions of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from progimage.client.drivers import M
from progimage.client.effects import Ask, Talk
from progimage.client.endpoints import Link, address, delete, link, purge, read, save
from progimage.client.errors import Changed, InvalidCall, UnexpectedAnswer
from progimage.client.methods import Bound, call
from progimage.client.operations import Operations
from progimage.client.pipelines import Pipeline
from progimage.client.sinks import Target
from progimage.client.steps import Path, image_path

Visibility = Literal["public", "private"]

_EDIT_TRIES = 5


@dataclass(frozen=True, repr=False)
class Rendition(Operations["Rendition[M]"], Bound[M]):
    """A picture with steps to go through; nothing is asked of the server until it is read."""

    _driver: M = field(compare=False)
    image_id: str
    pipeline: Path

    def _with_step(self, step: str) -> Rendition[M]:
        return Rendition(self._driver, self.image_id, self.pipeline.then(step))

    def to_format(self, extension: str) -> Rendition[M]:
        """Return the same in this format, such as "webp" or "auto"."""
        return Rendition(self._driver, self.image_id, self.pipeline.to_format(extension))

    @property
    def path(self) -> str:
        """Where it is on the server."""
        return self.pipeline.of(self.image_id)

    @property
    def url(self) -> str:
        """Its whole address; anybody's, if the picture is public."""
        return address(self._driver, self.path)

    @call
    def read(self) -> Talk[bytes]:
        """Return its bytes."""
        return (yield from read(self._driver, self.path))

    @call
    def save(self, target: Target) -> Talk[int]:
        """Write it to a path or an open file; return the number of bytes."""
        return (yield from save(self._driver, self.path, target))

    @call
    def link(self, expires_in: int = 3600) -> Talk[Link]:
        """Return a signed address of it, for those who may not see the picture."""
        return (yield from link(self._driver, self.image_id, str(self.pipeline), expires_in))

    def __repr__(self) -> str:
        return f"Rendition({self.image_id[:12]}…, {str(self.pipeline)!r})"


@dataclass(frozen=True, repr=False, eq=False)
class Image(Operations[Rendition[M]], Bound[M]):
    """A picture of the library as it was when it was read; operations make renditions of it."""

    _driver: M
    id: str
    owner: str
    revision: int
    sha256: str
    size_bytes: int
    media_type: str
    width: int
    height: int
    frames: int
    orientation: int
    has_alpha: bool
    dominant_colour: str
    placeholder: str
    file_name: str
    created: datetime
    modified: datetime
    title: str
    description: str
    tags: tuple[str, ...]
    visibility: Visibility
    is_new: bool = False
    """This upload brought it; it was not there before."""

    def _with_step(self, step: str) -> Rendition[M]:
        return Rendition(self._driver, self.id, Path((step,)))

    def to_format(self, extension: str) -> Rendition[M]:
        """Return the same picture in another format, such as "webp" or "auto"."""
        return Rendition(self._driver, self.id, Path().to_format(extension))

    @property
    def path(self) -> str:
        """Where the original is on the server."""
        return image_path(self.id)

    @property
    def url(self) -> str:
        """The original's whole address; anybody's, if the picture is public."""
        return address(self._driver, self.path)

    def render(self, pipeline: str | Pipeline, format: str | None = None) -> Rendition[M]:
        """Return a rendition by its text, such as "thumbnail:200x200" and "webp"."""
        path = pipeline.path if isinstance(pipeline, Pipeline) else Path((pipeline,))
        return Rendition(self._driver, self.id, path.to_format(format) if format else path)

    @call
    def read(self) -> Talk[bytes]:
        """Return the bytes of the original."""
        return (yield from read(self._driver, self.path))

    @call
    def save(self, target: Target) -> Talk[int]:
        """Write the original to a path or an open file; return the number of bytes."""
        return (yield from save(self._driver, self.path, target))

    @call
    def refresh(self) -> Talk[Image[M]]:
        """Return the picture as it is now."""
        return (yield from fetch(self._driver, self.id))

    @call
    def edit(
        self,
        *,
        title: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        visibility: Visibility | None = None,
    ) -> Talk[Image[M]]:
        """Change what is given; return the picture as it is then.

        Raises:
            Changed: somebody else edited it since this was read; `refresh` and look.
        """
        changes = edit_of(title, description, tags, visibility)
        current, etag = yield from fetch_with_etag(self._driver, self.id)
        if current.revision != self.revision:
            raise Changed(412, {"title": "The picture has changed", "detail": "read it again"})
        return (yield from patch(self._driver, self.id, changes, etag))

    @call
    def delete(self) -> Talk[None]:
        """Remove it with everything."""
        yield from delete(self._driver, self.id)

    @call
    def purge(self) -> Talk[int]:
        """Forget its cached renditions; return how many there were."""
        return (yield from purge(self._driver, self.id))

    @call
    def link(self, expires_in: int = 3600) -> Talk[Link]:
        """Return a signed address of the original, for those who may not see it."""
        return (yield from link(self._driver, self.id, "", expires_in))

    def facts(self) -> dict[str, Any]:
        """Return all there is to know of it, ready for JSON."""
        return {
            name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
            for name, value in vars(self).items()
            if name not in ("_driver", "is_new")
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and other.facts() == self.facts()

    def __hash__(self) -> int:
        return hash((self.id, self.revision))

    def __repr__(self) -> str:
        said = f" {self.title!r}" if self.title else ""
        return f"<Image {self.id[:12]}…{said} {self.media_type} {self.width}x{self.height}>"


_FACTS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "owner": str,
    "revision": int,
    "sha256": str,
    "size_bytes": int,
    "media_type": str,
    "width": int,
    "height": int,
    "frames": int,
    "orientation": int,
    "has_alpha": bool,
    "dominant_colour": str,
    "placeholder": str,
    "file_name": str,
    "created": str,
    "modified": str,
    "title": str,
    "description": str,
    "tags": list,
    "visibility": str,
}


def image_of(driver: M, document: Mapping[str, Any], *, is_new: bool = False) -> Image[M]:
    """Read a record; what a newer server may say beside is left out.

    Raises:
        UnexpectedAnswer: it is none.
    """
    facts: dict[str, Any] = {}
    for name, kind in _FACTS.items():
        if not isinstance(document.get(name), kind):
            raise UnexpectedAnswer(f"the server sent a record without a proper {name!r}")
        facts[name] = document[name]
    try:
        for name in ("created", "modified"):
            facts[name] = datetime.fromisoformat(facts[name])
    except ValueError:
        raise UnexpectedAnswer("the server sent a record with a date that is none") from None
    facts["tags"] = tuple(facts["tags"])
    return Image(driver, **facts, is_new=is_new)


def fetch_with_etag(driver: M, image_id: str) -> Talk[tuple[Image[M], str]]:
    """Return a picture and the version of its record."""
    ask = Ask("GET", f"{image_path(image_id)}metadata/")
    answer = yield from driver.session.exchange(ask)
    return image_of(driver, answer.document), answer.headers.get("etag", "")


def fetch(driver: M, image_id: str) -> Talk[Image[M]]:
    """Return a picture."""
    image, _ = yield from fetch_with_etag(driver, image_id)
    return image


def edit_of(
    title: str | None,
    description: str | None,
    tags: Iterable[str] | None,
    visibility: Visibility | None,
) -> dict[str, Any]:
    """Return an edit as a JSON merge patch.

    Raises:
        InvalidCall: it changes nothing.
    """
    given = {
        "title": title,
        "description": description,
        "tags": None if tags is None else list(tags),
        "visibility": visibility,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise InvalidCall("an edit needs a title, a description, tags or a visibility")
    return changes


def patch(driver: M, image_id: str, changes: Mapping[str, Any], etag: str) -> Talk[Image[M]]:
    """Lay changes over the version `etag` of a record."""
    ask = Ask(
        "PATCH",
        f"{image_path(image_id)}metadata/",
        headers={"If-Match": etag, "Content-Type": "application/merge-patch+json"},
        json=changes,
        # The version it names is gone once it has been done.
        is_repeatable=False,
    )
    answer = yield from driver.session.exchange(ask)
    return image_of(driver, answer.document)


def edit(driver: M, image_id: str, changes: Mapping[str, Any]) -> Talk[Image[M]]:
    """Change a record whatever others change of it meanwhile."""
    for tries in range(_EDIT_TRIES):
        _, etag = yield from fetch_with_etag(driver, image_id)
        try:
            return (yield from patch(driver, image_id, changes, etag))
        except Changed:
            if tries + 1 == _EDIT_TRIES:
                raise
    raise AssertionError  # the loop returns or raises
