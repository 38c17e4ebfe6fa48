"""The record of an image: its fields, reading them, and edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from progimage.client.errors import InvalidCall, UnexpectedAnswer

Visibility = Literal["public", "private"]

OnKnown = Literal["keep", "merge", "replace"]
"""What to do with the fields of an upload if the image is already there."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ImageRecord:
    """The record of an image as it was when it was read.

    Attributes:
        id: 64 hexadecimal digits.
        owner: the account it belongs to, "" if none.
        revision: counts the edits, from 1.
        width, height: pixels, as displayed.
        orientation: EXIF orientation of the original, 1 to 8.
        placeholder: a ThumbHash in base64.
        perceptual_hash: 64 bits in hexadecimal, near for pictures that look alike.
        capture: how a photograph was taken: taken, camera, lens, exposure_s and more.
        damaged: the file is damaged, and shown as far as it can be.
        damage: what is wrong with it, in words; "" for nothing.
        created, modified: when it was uploaded, and last edited.
        is_new: whether this upload created it, or it was there before.
        applied, not_applied: if it was there before, the fields of this upload that changed
            it, and those that differ and did not.
    """

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
    perceptual_hash: str = ""
    capture: dict[str, Any] = field(default_factory=dict)
    damaged: bool = False
    damage: str = ""
    is_new: bool = False
    applied: tuple[str, ...] = ()
    not_applied: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return all fields, ready for JSON."""
        values = {name: getattr(self, name) for name in _JSON_TYPES}
        return {
            name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
            for name, value in values.items()
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ImageRecord) and other.facts() == self.facts()

    def __hash__(self) -> int:
        return hash((self.id, self.revision))

    def __repr__(self) -> str:
        title = f" {self.title!r}" if self.title else ""
        return f"<Image {self.id[:12]}…{title} {self.media_type} {self.width}x{self.height}>"


_TYPES = {"int": int, "bool": bool, "tuple[str, ...]": list, "dict[str, Any]": dict}
_JSON_TYPES = {
    known.name: _TYPES.get(str(known.type), str)
    for known in fields(ImageRecord)
    if known.name not in ("is_new", "applied", "not_applied")
}
# A server of an earlier version does not send these.
_SINCE_LATER = ("damaged", "damage", "perceptual_hash", "capture")


def record_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an `ImageRecord`; unknown ones, of a newer server, are ignored.

    Raises:
        UnexpectedAnswer: a field is missing or has the wrong type.
    """
    values: dict[str, Any] = {}
    for name, kind in _JSON_TYPES.items():
        if name in _SINCE_LATER and name not in document:
            continue
        if not isinstance(document.get(name), kind):
            raise UnexpectedAnswer(f"the server sent a record without a valid {name!r}")
        values[name] = document[name]
    try:
        for name in ("created", "modified"):
            values[name] = datetime.fromisoformat(values[name])
    except ValueError:
        raise UnexpectedAnswer(f"the server sent a record with an invalid {name!r}") from None
    values["tags"] = tuple(values["tags"])
    return values


def merge_patch(
    title: str | None,
    description: str | None,
    tags: Iterable[str] | None,
    visibility: Visibility | None,
) -> dict[str, Any]:
    """Return an edit as a JSON merge patch (RFC 7396); None leaves a field as it is.

    Raises:
        InvalidCall: nothing is changed.
    """
    values = {
        "title": title,
        "description": description,
        "tags": None if tags is None else list(tags),
        "visibility": visibility,
    }
    changes = {name: value for name, value in values.items() if value is not None}
    if not changes:
        raise InvalidCall("an edit needs a title, a description, tags or a visibility")
    return changes


def bulk_change(
    add_tags: Iterable[str], remove_tags: Iterable[str], visibility: Visibility | None
) -> dict[str, Any]:
    """Return the fields of a bulk request.

    Raises:
        InvalidCall: nothing is changed, or the tags are one string.
    """
    if isinstance(add_tags, str) or isinstance(remove_tags, str):
        raise InvalidCall("add_tags, remove_tags: expected lists of strings")
    values = {
        "add_tags": list(add_tags),
        "remove_tags": list(remove_tags),
        "visibility": visibility,
    }
    change = {name: value for name, value in values.items() if value}
    if not change:
        raise InvalidCall("a change needs add_tags, remove_tags or a visibility")
    return change
