"""The values that flow through the service: frozen, and to and from JSON."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from progimage.errors import InvalidField

Visibility = Literal["public", "private"]

MAX_TITLE = 200
MAX_DESCRIPTION = 5_000
MAX_TAGS = 50
MAX_TAG = 100
MAX_FILE_NAME = 255

# Of an error message: what was sent can have thousands of fields with names of megabytes.
_MAX_COMPLAINTS = 10
_MAX_SHOWN = 40

VARIATION_SELECTORS = "\ufe0e\ufe0f"
_JOINERS = "\u200c\u200d"


def fold(text: str) -> str:
    """Return the form in which two tags are equal if people take them for the same.

    Canonical caseless matching (Unicode 15, D145), and no invisible character counts
    but the joiners, which tell words of Persian and whole families of emoji apart.
    """
    visible = "".join(
        character
        for character in text
        if character not in VARIATION_SELECTORS
        and (unicodedata.category(character) != "Cf" or character in _JOINERS)
    )
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", visible).casefold()).strip()


def _clean(text: str) -> str:
    """Return `text` in Unicode NFC with line feeds only, without surrounding white space.

    Forms of web pages send each line break as CR LF (WHATWG HTML, section 4.10.21.8).

    Raises:
        ValueError: it holds a control character other than tab and line feed, or
            half a surrogate pair.
    """
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    for character in cleaned:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n":
            raise ValueError(f"must not hold the control character U+{ord(character):04X}")
    return cleaned


def _clean_line(text: str) -> str:
    cleaned = _clean(text)
    if "\n" in cleaned or "\t" in cleaned:
        raise ValueError("must be one line without tabs")
    return cleaned


def _clean_tag(text: str) -> str:
    cleaned = _clean_line(text)
    if not fold(cleaned):
        raise ValueError("must not be empty")
    return cleaned


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Keep of tags that `fold` takes for the same the first."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(fold(tag), tag)
    return tuple(first.values())


Title = Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(_clean_line)]
Description = Annotated[str, Field(max_length=MAX_DESCRIPTION), AfterValidator(_clean)]
Tag = Annotated[str, Field(max_length=MAX_TAG), AfterValidator(_clean_tag)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS), AfterValidator(_distinct)]


class Frozen(BaseModel):
    """A value: no attribute can be set after it is made, no unknown one given."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Metadata(Frozen):
    """What people say of a picture, as opposed to what its bytes say."""

    title: Title = ""
    description: Description = ""
    tags: Tags = ()
    visibility: Visibility = "public"


class Capture(Frozen):
    """How a photograph was taken, as its EXIF block says.

    Attributes:
        taken: ISO 8601, in local time, with the offset from UTC where the camera knew it.
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


class Record(Frozen):
    """The sidecar: everything known of one picture.

    Attributes:
        id: 64 lowercase hex digits; the SHA-256 of the bytes for the default owner.
        owner: "" is the default owner.
        state: a record that is `deleting` is on its way out and visible to nobody.
        revision: 1 at upload, one more with each edit.
        generation: names the original that belongs to this record.
        sha256: of the bytes as uploaded, for integrity checks.
        width, height: in pixels, as displayed (after `orientation` is applied).
        orientation: EXIF orientation of the stored bytes, 1 to 8.
        frames: 1 for a still.
        dominant_colour: "#rrggbb".
        placeholder: base64 of a ThumbHash, to paint before the picture arrives.
        perceptual_hash: 64 bits in hexadecimal, near for pictures that look alike; "" in
            records of earlier versions.
        capture: how a photograph was taken.
        place: where; only its owner may know.
        damaged: the file is damaged, and shown as far as it can be.
        damage: what is wrong with it, in words; "" for nothing.
        created, modified: aware UTC times.

    Fields that a newer version of the service added are carried along unread, so
    that nodes of two versions can share a store.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    owner: str = ""
    state: Literal["live", "deleting"] = "live"
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
    perceptual_hash: str = ""
    capture: Capture = Capture()
    place: Place | None = None
    damaged: bool = False
    damage: str = ""
    file_name: str
    created: datetime
    modified: datetime
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    visibility: Visibility = "public"

    @property
    def is_public(self) -> bool:
        """True if anybody may see it."""
        return self.visibility == "public"

    def to_json(self) -> bytes:
        """Return the sidecar's bytes."""
        return self.model_dump_json(indent=1).encode()

    def facts(self) -> dict[str, Any]:
        """Return what all may know who may see the picture, ready for JSON."""
        return self.model_dump(mode="json", include=set(PUBLIC_FIELDS))


PUBLIC_FIELDS = tuple(
    name for name in Record.model_fields if name not in ("generation", "state", "place")
)
"""The fields of a record that are neither the store's own affairs nor its owner's."""


class Viewer(Frozen):
    """Who looks, and who owns what is sent; `name` "" is anybody.

    Attributes:
        is_admin: manages accounts; sees no more pictures than others do.
        may_act_for_default_owner: may change what belongs to nobody in particular.
    """

    name: str = ""
    is_admin: bool = False
    may_act_for_default_owner: bool = True


ANYBODY = Viewer()


def check_visibility(metadata: Metadata, owner: str) -> None:
    """Raise `InvalidField` if a picture of `owner` cannot be as visible as this says.

    What belongs to nobody in particular cannot be hidden from anybody in particular.
    """
    if metadata.visibility == "private" and not owner:
        raise InvalidField(
            "visibility: a private picture needs an owner; send it with the access token or API "
            "key of an account (the operator turns accounts on with auth.mode)"
        )


def parse_metadata(fields: dict[str, Any], base: Metadata | None = None) -> Metadata:
    """Return `base` (or nothing said) with `fields` laid over it, validated.

    None in a field takes it back to its default, as in a JSON merge patch (RFC 7396); a field
    that does not exist is refused with None too, since it is rather a slip than a wish.

    Raises:
        InvalidField: names every field that is unknown or out of range.
    """
    said = base.model_dump() if base else {}
    for name, value in fields.items():
        if value is None and name in Metadata.model_fields:
            said.pop(name, None)
        else:
            said[name] = value
    try:
        return Metadata.model_validate(said)
    except ValidationError as error:
        raise InvalidField(complaints(error)) from None


def complaints(error: ValidationError) -> str:
    """Return one line that names the fields `error` complains of, and why; the first ten."""
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
