"""Terms: the facets of pictures, in the form that shelves store.

A term is a letter for its kind, then text: `t` a tag, `w` a word, `m` a media type, `o` an
owner ("" is the default owner), `s` the scope: `public`, or `private:` and the owner.

`g` and three bytes is a piece of words: not of pictures, but of a shelf's words.
"""

from __future__ import annotations

from collections.abc import Iterator

from progimage.library.index import facets
from progimage.library.index.facets import Facet, Kind
from progimage.model import Record, Viewer

Term = bytes

_LETTERS: dict[Kind, bytes] = {"types": b"m", "owners": b"o", "tags": b"t"}

TAGS, WORDS, PIECES = b"t", b"w", b"g"
PIECE = 3
"""Bytes of a piece of words."""

PUBLIC: Term = b"spublic"


def pieces_of(text: bytes) -> Iterator[Term]:
    """Yield the terms of all pieces of a text, repeated ones too."""
    for start in range(len(text) - PIECE + 1):
        yield PIECES + text[start : start + PIECE]


def term(facet: Facet) -> Term:
    """Return the term of a facet."""
    return _LETTERS[facet.kind] + facet.value.encode()


def terms_of(record: Record) -> frozenset[Term]:
    """Return every term of a picture."""
    found = {WORDS + word.encode() for word in facets.words_of(record)}
    found.update(term(facets.tag(tag)) for tag in record.tags)
    found.add(term(facets.media_type(record.media_type)))
    found.add(term(facets.owner(record.owner)))
    found.add(PUBLIC if record.is_public else private(record.owner))
    return frozenset(found)


def private(owner: str) -> Term:
    """Return the scope of an owner's private pictures."""
    return f"sprivate:{facets.slug(owner)}".encode()


def scopes_of(viewer: Viewer) -> tuple[Term, ...]:
    """Return the scopes a viewer may see, the public one first."""
    return (PUBLIC, private(viewer.name)) if viewer.name else (PUBLIC,)
