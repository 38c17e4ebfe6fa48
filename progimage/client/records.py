"""The record of an image: its fields, reading them, and edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypedDict

from progimage.client.errors import InvalidCall, UnexpectedAnswer

Visibility = Literal["public", "private"]

OnKnown = Literal["keep", "merge", "replace"]
"""What to do with the fields of an upload if the image is already there."""


OnExternal = Literal["conflict", "replace"]
"""What to do with an external id that another image has: fail, or move it to the new one."""


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
        pages: of a PDF or TIFF; else 1.
        perceptual_hash: 64 bits in hexadecimal, near for pictures that look alike.
        capture: how a photograph was taken: taken, camera, lens, exposure_s and more.
        rights: the URI of a licence or a rights statement; "" if there is none.
        alt: what the image shows, for people who do not see it.
        focal_point: what crops with `gravity="focus"` keep in view: x and y, from 0 to 1.
        custom: further fields, by name.
        external_id: its id in another system, "" for none.
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
    pages: int = 1
    capture: dict[str, Any] = field(default_factory=dict)
    rights: str = ""
    alt: str = ""
    focal_point: tuple[float, float] | None = None
    custom: dict[str, str] = field(default_factory=dict)
    external_id: str = ""
    damaged: bool = False
    damage: str = ""
    is_new: bool = False
    applied: tuple[str, ...] = ()
    not_applied: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return all fields, ready for JSON."""
        values = {name: getattr(self, name) for name in _JSON_TYPES}
        values["focal_point"] = point_document(self.focal_point)
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


_TYPES = {
    "int": int,
    "bool": bool,
    "tuple[str, ...]": list,
    "dict[str, Any]": dict,
    "dict[str, str]": dict,
}
_JSON_TYPES = {
    known.name: _TYPES.get(str(known.type), str)
    for known in fields(ImageRecord)
    if known.name not in ("is_new", "applied", "not_applied", "focal_point")
}
# A server of an earlier version does not send these.
_SINCE_LATER = (
    "pages",
    "damaged",
    "damage",
    "perceptual_hash",
    "capture",
    "rights",
    "alt",
    "custom",
    "external_id",
)


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
    point = document.get("focal_point")
    if point is not None:
        try:
            values["focal_point"] = float(point["x"]), float(point["y"])
        except (KeyError, TypeError, ValueError):
            raise UnexpectedAnswer(
                "the server sent a record with an invalid 'focal_point'"
            ) from None
    return values


def point_document(point: tuple[float, float] | None) -> dict[str, float] | None:
    """Return a focal point as JSON has it."""
    return None if point is None else {"x": point[0], "y": point[1]}


class Edit(TypedDict, total=False):
    """The fields of an edit; those that are not given, or None, stay as they are.

    `custom` is merged field by field; a value of None removes a field. A `focal_point` of
    "" removes the point.
    """

    title: str | None
    description: str | None
    tags: Iterable[str] | None
    visibility: Visibility | None
    rights: str | None
    alt: str | None
    focal_point: tuple[float, float] | Literal[""] | None
    custom: Mapping[str, str | None] | None
    external_id: str | None


def merge_patch(edit: Edit) -> dict[str, Any]:
    """Return an edit as a JSON merge patch (RFC 7396).

    Raises:
        InvalidCall: nothing is changed.
    """
    changes: dict[str, Any] = {name: value for name, value in edit.items() if value is not None}
    if unknown := changes.keys() - Edit.__annotations__.keys():
        raise InvalidCall(f"an edit has no {', '.join(sorted(unknown))}")
    if not changes:
        raise InvalidCall(f"an edit needs one of {', '.join(Edit.__annotations__)}")
    if "tags" in changes:
        changes["tags"] = list(changes["tags"])
    if "focal_point" in changes:
        changes["focal_point"] = point_document(changes["focal_point"] or None)
    if "custom" in changes:
        changes["custom"] = dict(changes["custom"])
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
