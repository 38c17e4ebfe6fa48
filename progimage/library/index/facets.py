"""Facets: the properties that a picture can be found by."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from itertools import chain, islice
from typing import Literal, NamedTuple

from progimage.fields import fold
from progimage.library.index import words
from progimage.model import Record

MAX_WORDS = 100
"""Distinct words of a picture that can be searched; later ones cannot."""

_MAX_SLUG_BYTES = 240
_SHORTENED_BYTES = 160

Kind = Literal["types", "owners", "tags"]


class Facet(NamedTuple):
    """One property that a picture can be found by.

    `value` is a slug: text without characters that need escaping.
    """

    kind: Kind
    value: str


@lru_cache(1_000)
def media_type(value: str) -> Facet:
    """Return the facet of all pictures of a media type."""
    return Facet("types", slug(value.lower()))


def owner(name: str) -> Facet:
    """Return the facet of all pictures of an owner; "" is the default owner."""
    return Facet("owners", slug(name))


@lru_cache(10_000)
def tag(value: str) -> Facet:
    """Return the facet of all pictures with a tag, however it is spelled."""
    return Facet("tags", slug(fold(value)))


def words_of(record: Record) -> frozenset[str]:
    """Return the words a picture is found by.

    They are those of its tags, title, file name, description, alternative text and custom
    fields, and then the same without accents. In this order the first `MAX_WORDS` distinct
    ones count.
    """
    texts = chain(
        record.tags,
        (record.title, record.file_name, record.description, record.alt),
        record.custom.values(),
    )
    found = dict.fromkeys(word for text in texts for word in words.words(text))
    plain = (words.without_accents(word) for word in found if not word.isascii())
    spelt = chain(found, plain)
    every = chain.from_iterable(map(words.pieces, spelt))
    return frozenset(islice(dict.fromkeys(every), MAX_WORDS))


def slug(value: str) -> str:
    """Return text as one segment of a key; characters that no key may hold are percent-encoded.

    Slugs of texts that begin alike begin alike, up to the point where a long one is
    shortened and a digest tells it apart.
    """
    escaped = "".join(
        character
        if character.isprintable() and character not in "%/" and (at or character != ".")
        else "".join(f"%{byte:02X}" for byte in character.encode())
        for at, character in enumerate(value)
    )
    data = escaped.encode()
    if len(data) <= _MAX_SLUG_BYTES:
        return escaped
    start = data[:_SHORTENED_BYTES].decode(errors="ignore")
    return f"{start}~{hashlib.sha256(data).hexdigest()}"


def beginning_of_slug(value: str) -> str:
    """Return the common beginning of the slugs of all texts that begin with `value`."""
    return slug(value)[: _SHORTENED_BYTES // 4]
