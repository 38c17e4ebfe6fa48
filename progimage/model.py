"""The data models of the service: immutable, and convertible to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from progimage.errors import InvalidField
from progimage.fields import (
    Alt,
    Custom,
    Description,
    ExternalId,
    Fraction,
    Rights,
    Tags,
    Title,
    point_of_text,
)

Visibility = Literal["public", "private"]
EventKind = Literal["image.created", "image.updated", "image.deleted", "job.finished"]

# Limits of an error message: a body can have thousands of fields with very long names.
_MAX_COMPLAINTS = 10
_MAX_SHOWN = 40


class Frozen(BaseModel):
    """Base of immutable values; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Point(Frozen):
    """A point of a picture, as fractions of its width and height, from the top left corner."""

    x: Fraction
    y: Fraction


FocalPoint = Annotated[Point, BeforeValidator(point_of_text)]


class Metadata(Frozen):
    """The data about a picture that people enter; it does not come from its bytes.

    Attributes:
        alt: describes the picture to people who do not see it (HTML, attribute alt).
        focal_point: what crops with `gravity=focus` keep in view.
        custom: further fields, by name.
        external_id: its id in another system, unique among the pictures of its owner; "" for
            none.
    """

    title: Title = ""
    description: Description = ""
    tags: Tags = ()
    rights: Rights = ""
    visibility: Visibility = "public"
    alt: Alt = ""
    focal_point: FocalPoint | None = None
    custom: Custom = Field(default_factory=dict)
    external_id: ExternalId = ""


class Capture(Frozen):
    """How a photograph was taken, from its EXIF data.

    Attributes:
        taken: ISO 8601, in local time, with the offset from UTC if the camera recorded it.
        camera: make and model.
        exposure_s: exposure time in seconds.
        iso: sensitivity.
    """

    taken: str | None = None
    camera: str = ""
    lens: str = ""
    exposure_s: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_length_mm: float | None = None


class Place(Frozen):
    """Where a photograph was taken, in degrees north and east."""

    latitude: float
    longitude: float


class Trashed(Frozen):
    """When a picture was deleted, and until when it can be restored."""

    deleted: datetime
    expires: datetime


class Record(Frozen):
    """The record of a picture, stored as JSON beside it (the sidecar).

    Attributes:
        id: 64 lowercase hex digits; the SHA-256 of the bytes for the default owner.
        owner: "" is the default owner.
        state: a `trashed` record can be restored, a `deleting` one is being removed; no viewer
            can see them.
        trash: of a `trashed` record.
        revision: 1 at upload, one more with each edit.
        generation: names the original that belongs to this record.
        sha256: of the bytes as uploaded, for integrity checks.
        width, height: in pixels, as displayed (after `orientation` is applied).
        orientation: EXIF orientation of the stored bytes, 1 to 8.
        frames: 1 for a still.
        pages: of a PDF or TIFF; else 1.
        faces: where faces were found at upload: left, top, width and height, as fractions of
            the picture; None if nothing looked for them.
        dominant_colour: "#rrggbb".
        placeholder: base64 of a ThumbHash, shown until the picture has loaded.
        perceptual_hash: 64 bits in hexadecimal, similar for similar pictures; "" in
            records of earlier versions.
        capture: how a photograph was taken.
        alt, focal_point, custom, external_id: as in `Metadata`.
        place: where it was taken; shown only to the owner.
        damaged: True if the file is damaged; the intact part is shown.
        damage: a description of the damage; "" if there is none.
        source: where it was imported from, `origin://<name>/<key>`; shown only to the owner.
        created, modified: times with the time zone UTC.
        rights: the URI of a licence or a rights statement; "" if there is none.

    Fields that a newer version of the service added are stored again unchanged, so that
    nodes of two versions can share a store.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    owner: str = ""
    state: Literal["live", "trashed", "deleting"] = "live"
    trash: Trashed | None = None
    revision: int = 1
    generation: str
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
    pages: int = 1
    faces: tuple[tuple[float, float, float, float], ...] | None = None
    perceptual_hash: str = ""
    capture: Capture = Capture()
    place: Place | None = None
    damaged: bool = False
    damage: str = ""
    file_name: str
    source: str = ""
    created: datetime
    modified: datetime
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    rights: str = ""
    visibility: Visibility = "public"
    alt: str = ""
    focal_point: Point | None = None
    custom: dict[str, str] = Field(default_factory=dict)
    external_id: str = ""

    def __hash__(self) -> int:
        """Hash what identifies a version; `custom` cannot be hashed."""
        return hash((self.id, self.generation, self.revision))

    @property
    def is_public(self) -> bool:
        """True if everybody may see it."""
        return self.visibility == "public"

    def to_json(self) -> bytes:
        """Return the sidecar's bytes."""
        return self.model_dump_json(indent=1).encode()

    def facts(self) -> dict[str, Any]:
        """Return the fields that every viewer of the picture may see, ready for JSON."""
        return self.model_dump(mode="json", include=set(PUBLIC_FIELDS))


PUBLIC_FIELDS = tuple(
    name
    for name in Record.model_fields
    if name not in ("generation", "state", "place", "source", "trash")
)
"""The fields of a record that are neither internal nor for its owner only."""


class Viewer(Frozen):
    """The account that sends a request, and that owns the pictures it uploads.

    Attributes:
        name: "" for an anonymous request.
        is_admin: may manage accounts; sees no more pictures than others.
        may_act_for_default_owner: may change pictures of the default owner, which belong to
            no account.
    """

    name: str = ""
    is_admin: bool = False
    may_act_for_default_owner: bool = True


ANONYMOUS = Viewer()


def check_visibility(metadata: Metadata, owner: str) -> None:
    """Raise `InvalidField` if a picture of `owner` cannot have this visibility.

    Pictures of the default owner cannot be private, since no account could see them.
    """
    if metadata.visibility == "private" and not owner:
        raise InvalidField(
            "visibility: a private picture needs an owner; send it with the access token or API "
            "key of an account (the operator turns accounts on with auth.mode)"
        )


def parse_metadata(fields: dict[str, Any], base: Metadata | None = None) -> Metadata:
    """Return `base` (or the defaults) with the changes in `fields`, validated.

    A field of None is reset to its default, as in a JSON merge patch (RFC 7396), and `custom`
    is merged field by field. An unknown field of None is an error too, since it is probably a
    mistake.

    Raises:
        InvalidField: a field is unknown or out of range; the message names all of them.
    """
    values = base.model_dump() if base else {}
    for name, value in fields.items():
        if value is None and name in Metadata.model_fields:
            values.pop(name, None)
        elif name == "custom" and isinstance(value, Mapping):
            merged = {**values.get(name, {}), **value}
            values[name] = {key: text for key, text in merged.items() if text is not None}
        else:
            values[name] = value
    try:
        return Metadata.model_validate(values)
    except ValidationError as error:
        raise InvalidField(complaints(error)) from None


def complaints(error: ValidationError) -> str:
    """Return one line that lists the first ten invalid fields, each with the reason."""
    found = error.errors(include_url=False, include_input=False)[:_MAX_COMPLAINTS]
    return "; ".join(
        f"{'.'.join(str(part)[:_MAX_SHOWN] for part in item['loc'])}: "
        f"{_wording(item['type'], item['msg'])}"
        for item in found
    )


def _wording(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"no such field; the fields are {', '.join(sorted(Metadata.model_fields))}"
    return message.removeprefix("Value error, ").replace("Input should", "should")
