"""The conditions of a search in the query of a URL."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime
from typing import cast, get_args
from urllib.parse import urlencode

from progimage.api.openapi.documented import Parameter
from progimage.errors import InvalidRequest
from progimage.fields import MAX_TAG, fold
from progimage.imaging.did_you_mean import did_you_mean, shown
from progimage.library.index import facets, words
from progimage.library.search.query import Query
from progimage.model import Viewer, Visibility

MAX_TAGS = 20
MAX_WORDS = 10
MAX_OWNER = 100
MAX_Q = 500
# Of any field: a cursor that holds a tag is the longest.
MAX_VALUE = 2_000

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")

_TAG = {"type": "string", "minLength": 1, "maxLength": MAX_TAG}
_TAG_LIST = {"type": "array", "items": _TAG, "minItems": 1, "maxItems": MAX_TAGS}
_WHEN = {
    "type": "string",
    "anyOf": [{"format": "date-time"}, {"format": "date"}],
    "examples": ["2024-12-31", "2024-12-31T23:59:59Z"],
}

PARAMETERS = (
    Parameter("tag", "Pictures with this tag.", _TAG),
    Parameter("tags_all", "Pictures with all of these tags.", _TAG_LIST, explode=True),
    Parameter("tags_any", "Pictures with any of these tags.", _TAG_LIST, explode=True),
    Parameter(
        "q",
        f"Up to {MAX_WORDS} words; each is part of a word of the title, description, file name or "
        "tags.",
        {"type": "string", "minLength": 1, "maxLength": MAX_Q},
        example="dusk",
    ),
    Parameter(
        "owner",
        "Pictures of this owner; `me` is the account that sends the request.",
        {"type": "string", "minLength": 1, "maxLength": MAX_OWNER},
    ),
    Parameter(
        "visibility",
        "Pictures with this visibility.",
        {"type": "string", "enum": [*get_args(Visibility)]},
    ),
    Parameter(
        "media_type",
        "Pictures of this type.",
        {"type": "string", "maxLength": 100, "pattern": f"^{_MEDIA_TYPE.pattern}$"},
        example="image/jpeg",
    ),
    Parameter("created_after", "Uploaded after.", _WHEN),
    Parameter("created_before", "Uploaded before.", _WHEN),
)
"""The conditions."""


class QueryParameters:
    """The parameters of a query, each with a known name and given once, unless it is a list.

    Attributes:
        known: those that there are, by name.

    Raises:
        InvalidRequest: a parameter is unknown, empty or given twice; the message names it.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]], known: Iterable[Parameter]) -> None:
        self.known = {parameter.name: parameter for parameter in known}
        self._pairs = pairs
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if name not in self.known:
                hint = did_you_mean(name, self.known) or f"expected {', '.join(self.known)}"
                raise InvalidRequest(f"no parameter named {shown(name)}; {hint}")
            if name in self._values and not self.known[name].explode:
                hint = "; repeat tags_all or tags_any to ask for several" if name == "tag" else ""
                raise InvalidRequest(f"{name}: given twice{hint}")
            # Before any work on the text: in a job it can be megabytes long.
            if len(value) > MAX_VALUE:
                raise InvalidRequest(
                    f"{name}: expected at most {MAX_VALUE:,} characters, got {len(value):,}"
                )
            if not value.strip():
                raise InvalidRequest(f"{name}: expected a value, got none; leave it out")
            if not _is_unicode(value):
                raise InvalidRequest(f"{name}: expected text, got half of a surrogate pair")
            self._values.setdefault(name, []).append(value.strip())

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def one(self, name: str) -> str | None:
        """Return the value of a field, None if it was not given."""
        return self._values.get(name, [None])[0]

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may be repeated."""
        return self._values.get(name, [])

    def whole_number(self, name: str, most: int | None = None) -> int:
        """Return the value of a field that is a whole number, of its schema or up to `most`."""
        schema = self.known[name].schema
        least: int = schema["minimum"]
        most = int(schema["maximum"]) if most is None else most
        value = self.one(name)
        if value is None:
            return min(int(schema.get("default", least)), most)
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise InvalidRequest(
                f"{name}: expected a whole number from {least} to {most:,}, got {shown(value)}"
            )
        return int(value)

    def encoded(self, without: Container[str], **fields: str) -> str:
        """Return the query without some parameters, and with others."""
        others = [(name, value) for name, value in self._pairs if name not in without]
        return urlencode([*others, *fields.items()])


def _is_unicode(value: str) -> bool:
    """Return False for half of a surrogate pair, which JSON can contain and UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def query_of(parameters: QueryParameters, viewer: Viewer) -> Query:
    """Return the search that the parameters describe.

    Raises:
        InvalidRequest: a condition is not valid; the message names it.
    """
    return Query(
        tags=_tags(parameters, "tag") + _tags(parameters, "tags_all"),
        any_tags=_tags(parameters, "tags_any"),
        needles=_needles(parameters.one("q")),
        owner=_owner(parameters.one("owner"), viewer),
        visibility=_visibility(parameters.one("visibility")),
        media_type=_media_type(parameters.one("media_type")),
        created_after=_time(parameters, "created_after"),
        created_before=_time(parameters, "created_before"),
    )


def tag_text(name: str, value: str) -> str:
    """Return a tag in the form in which tags are compared.

    Raises:
        InvalidRequest: it is not a tag.
    """
    folded = fold(value) if len(value) <= MAX_TAG else ""
    if not folded:
        raise InvalidRequest(f"{name}: expected a tag of 1 to {MAX_TAG} characters")
    return folded


def _tags(parameters: QueryParameters, name: str) -> tuple[facets.Facet, ...]:
    values = parameters.all(name)
    if len(values) > MAX_TAGS:
        raise InvalidRequest(f"{name}: expected at most {MAX_TAGS} tags, got {len(values)}")
    return tuple(dict.fromkeys(facets.tag(tag_text(name, value)) for value in values))


def _needles(value: str | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if len(value) > MAX_Q:
        raise InvalidRequest(f"q: expected at most {MAX_Q} characters, got {len(value):,}")
    needles = tuple(dict.fromkeys(words.needles(value)))
    if not needles:
        raise InvalidRequest("q: expected at least one letter, digit or symbol to look for")
    if len(needles) > MAX_WORDS:
        raise InvalidRequest(f"q: expected at most {MAX_WORDS} words, got {len(needles)}")
    return needles


def _owner(value: str | None, viewer: Viewer) -> str | None:
    if value is not None and len(value) > MAX_OWNER:
        raise InvalidRequest(f"owner: expected a name of at most {MAX_OWNER} characters, or me")
    return viewer.name if value == "me" else value


def _visibility(value: str | None) -> Visibility | None:
    for known in get_args(Visibility):
        if value == known:
            return cast(Visibility, known)
    if value is not None:
        raise InvalidRequest(f"visibility: expected public or private, got {shown(value)}")
    return None


def _media_type(value: str | None) -> str | None:
    if value is None:
        return None
    if len(value) > 100 or not _MEDIA_TYPE.fullmatch(value.lower()):
        raise InvalidRequest(f"media_type: expected one such as image/jpeg, got {shown(value)}")
    return value.lower()


def _time(parameters: QueryParameters, name: str) -> datetime | None:
    value = parameters.one(name)
    if value is None:
        return None
    try:
        # In a query an unescaped + is a space.
        time = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"{name}: expected a date or time in ISO 8601 such as 2024-12-31 or "
            f"2024-12-31T23:59:59Z, got {shown(value)}"
        ) from None
