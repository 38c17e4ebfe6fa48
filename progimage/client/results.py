"""Small results of calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple


class Link(NamedTuple):
    """A signed address that works until it expires."""

    url: str
    expires: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Link:
        """Return the link that the server sent."""
        return cls(str(document.get("url", "")), str(document.get("expires", "")))


class Saved(NamedTuple):
    """A file that was downloaded."""

    size_bytes: int
    media_type: str


class BulkResult(NamedTuple):
    """The result of a bulk change for one image.

    Attributes:
        status: as of a single request: 200 or 204 if it succeeded.
        detail: what was wrong; "" if it succeeded.
    """

    id: str
    status: int
    detail: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the image was changed."""
        return self.status < 400

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> BulkResult:
        """Return the result that the server sent for one image."""
        status = document.get("status")
        return cls(
            str(document.get("id", "")),
            status if isinstance(status, int) else 500,
            str(document.get("detail", "")),
        )


class Responsive(NamedTuple):
    """HTML that shows an image in the width that a browser needs.

    Attributes:
        srcset: the value of the attribute, with negotiated formats.
        img: an `<img>` with that `srcset`.
        picture: a `<picture>` with the addresses of each format.
        expires: when signed addresses expire; "" if they are not signed.
    """

    srcset: str
    img: str
    picture: str
    expires: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Responsive:
        """Return the HTML that the server sent."""
        texts = (str(document.get(name) or "") for name in cls._fields)
        return cls(*texts)


@dataclass(frozen=True, slots=True)
class Album:
    """An album as it was when it was read.

    Attributes:
        cover: the id of the image that stands for it, "" if there is none.
        count: its images, also those that are deleted; 0 for albums of others.
        owner: the account it belongs to, "" if none.
        revision: counts the changes, from 1; 0 for albums of others.
    """

    id: str
    title: str
    visibility: str
    cover: str = ""
    count: int = 0
    description: str = ""
    owner: str = ""
    revision: int = 0

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Album:
        """Return the album that the server sent."""
        values: dict[str, Any] = {}
        for known in fields(cls):
            kind = int if known.name in ("count", "revision") else str
            values[known.name] = kind(document.get(known.name) or kind())
        return cls(**values)


class Quota(NamedTuple):
    """How much an account has stored, and how much it may store.

    Attributes:
        pictures: how many there are, with those in the trash.
        size_bytes: the bytes of their originals.
        max_pictures, max_size_bytes: the most there may be, 0 for no limit.
    """

    pictures: int
    size_bytes: int
    max_pictures: int
    max_size_bytes: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account.

    Attributes:
        quota: None where the server has no quotas.
    """

    name: str
    is_admin: bool = False
    quota: Quota | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Account:
        """Return the account that the server sent."""
        sent = document.get("quota")
        quota = Quota(*(int(sent.get(name) or 0) for name in Quota._fields)) if sent else None
        return cls(str(document.get("username", "")), document.get("is_admin") is True, quota)
