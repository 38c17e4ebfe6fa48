"""The fields that people enter about a picture: the rules for each of them."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

MAX_TITLE = 200
MAX_DESCRIPTION = 5_000
MAX_RIGHTS = 500
MAX_TAGS = 50
MAX_TAG = 100
MAX_FILE_NAME = 255
MAX_ALT = 500
MAX_EXTERNAL_ID = 200
MAX_CUSTOM = 50
MAX_CUSTOM_NAME = 64
MAX_CUSTOM_VALUE = 1_000

VARIATION_SELECTORS = "\ufe0e\ufe0f"
_JOINERS = "\u200c\u200d"

# RFC 3986, section 2: the characters that a URI can have.
_URI = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_FRACTION = r"([01](?:\.[0-9]{0,10})?|\.[0-9]{1,10})"
_POINT = re.compile(f"{_FRACTION}x{_FRACTION}")


def fold(text: str) -> str:
    """Return a form of `text` that is equal for tags that look the same to people.

    This is canonical caseless matching (Unicode 15, D145). Invisible characters are removed,
    except joiners, which distinguish words of Persian and many emoji.
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
        ValueError: it has a control character other than tab and line feed, or half a
            surrogate pair.
    """
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    for character in cleaned:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n":
            raise ValueError(f"must not contain the control character U+{ord(character):04X}")
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
    """Return the tags without later ones that are equal after `fold`."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(fold(tag), tag)
    return tuple(first.values())


def _clean_rights(text: str) -> str:
    if text and not _URI.fullmatch(text):
        raise ValueError(
            "must be the URI of a licence or a rights statement, such as "
            "http://creativecommons.org/licenses/by/4.0/"
        )
    return text


def _clean_name(text: str) -> str:
    cleaned = _clean_line(text)
    if not cleaned:
        raise ValueError("the name of a field must not be empty")
    return cleaned


def _clean_external_id(text: str) -> str:
    cleaned = _clean_line(text)
    if not cleaned.isprintable():
        raise ValueError("must not contain invisible characters")
    if cleaned in (".", ".."):
        raise ValueError("must not be . or .., which cannot be part of an address")
    return cleaned


def point_of_text(value: Any) -> Any:
    """Return the point in a text such as "0.3x0.7", which forms and queries have."""
    if not isinstance(value, str):
        return value
    match = _POINT.fullmatch(value.strip())
    if match is None:
        raise ValueError('expected a point such as 0.3x0.7, or {"x": 0.3, "y": 0.7} in JSON')
    return {"x": float(match[1]), "y": float(match[2])}


def object_of_text(value: Any) -> Any:
    """Return the object in a JSON text, which forms and queries have."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    is_object = isinstance(found, dict)
    if not is_object:
        raise ValueError('expected a JSON object such as {"client": "Example Ltd"}')
    return found


Title = Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(_clean_line)]
Description = Annotated[str, Field(max_length=MAX_DESCRIPTION), AfterValidator(_clean)]
Rights = Annotated[str, Field(max_length=MAX_RIGHTS), AfterValidator(_clean_rights)]
Tag = Annotated[str, Field(max_length=MAX_TAG), AfterValidator(_clean_tag)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS), AfterValidator(_distinct)]
Alt = Annotated[str, Field(max_length=MAX_ALT), AfterValidator(_clean_line)]
ExternalId = Annotated[str, Field(max_length=MAX_EXTERNAL_ID), AfterValidator(_clean_external_id)]
CustomName = Annotated[str, Field(max_length=MAX_CUSTOM_NAME), AfterValidator(_clean_name)]
CustomValue = Annotated[str, Field(max_length=MAX_CUSTOM_VALUE), AfterValidator(_clean)]
Custom = Annotated[
    dict[CustomName, CustomValue], Field(max_length=MAX_CUSTOM), BeforeValidator(object_of_text)
]
Fraction = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda value: round(value, 4))]
