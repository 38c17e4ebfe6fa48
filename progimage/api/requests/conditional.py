"""Conditional requests and ranges of RFC 9110: pure functions of header values.

A header can have any content, so every function reads each character once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_SPACES = " \t"
_MAX_DIGITS = 18


class Span(NamedTuple):
    """`length` bytes from `start`."""

    start: int
    length: int


class Unsatisfiable(NamedTuple):
    """A range that has no byte in common with the representation."""


class EntityTag(NamedTuple):
    """An entity tag without its quotes."""

    value: str
    is_weak: bool


def none_match_holds(header: str | None, etag: str) -> bool:
    """True unless If-None-Match names `etag` (weak comparison) or is `*`.

    Source: RFC 9110, section 13.1.2.
    """
    return header is None or not _names(header, etag, weak=True)


def match_holds(header: str | None, etag: str) -> bool:
    """True if there is no If-Match, or it is `*` or names `etag` (strong comparison).

    Source: RFC 9110, section 13.1.1.
    """
    return header is None or _names(header, etag, weak=False)


def parse_range(
    header: str | None, if_range: str | None, etag: str, size: int
) -> Span | Unsatisfiable | None:
    """Return the one requested range, or None if the whole representation is to be sent.

    Several ranges at once, units other than bytes and malformed ranges are ignored, as
    the RFC allows; so is a range of another version, by If-Range. A date in If-Range
    never matches, because no Last-Modified is sent.
    Source: RFC 9110, sections 13.1.5 and 14.2.
    """
    bounds = _bounds(header or "")
    if bounds is None or (if_range is not None and not _names(if_range, etag, weak=False)):
        return None
    first, last = bounds
    if first is None:
        length = min(last or 0, size)
        return Span(size - length, length) if length else Unsatisfiable()
    if last is not None and last < first:
        return None
    end = size - 1 if last is None else min(last, size - 1)
    return Span(first, end - first + 1) if first < size else Unsatisfiable()


def entity_tags(header: str) -> Iterator[EntityTag]:
    """Yield the entity tags of a list, up to the first character that cannot belong to it.

    Empty elements are skipped.
    Source: RFC 9110, sections 5.6.1.2 and 8.8.3.
    """
    position, end, needs_comma = 0, len(header), False
    while position < end:
        character = header[position]
        if character == ",":
            needs_comma = False
        elif character not in _SPACES:
            is_weak = header[position : position + 2] == "W/"
            start = position + (3 if is_weak else 1)
            if needs_comma or header[start - 1 : start] != '"':
                return
            position = start
            while position < end and _is_in_tag(header[position]):
                position += 1
            if position == end or header[position] != '"':
                return
            yield EntityTag(header[start:position], is_weak)
            needs_comma = True
        position += 1


def _bounds(header: str) -> tuple[int | None, int | None] | None:
    """Return the first and last position of one range of bytes; None if it is not one."""
    unit, _, positions = header.partition("=")
    first, dash, last = (part.strip(_SPACES) for part in positions.partition("-"))
    if unit.strip(_SPACES).lower() != "bytes" or not dash or not (first or last):
        return None
    if not all(len(text) <= _MAX_DIGITS and text.isascii() for text in (first, last)):
        return None
    if not (first + last).isdigit():
        return None
    return int(first) if first else None, int(last) if last else None


def _is_in_tag(character: str) -> bool:
    return "\x23" <= character <= "\x7e" or character == "!" or "\x80" <= character <= "\xff"


def _names(header: str, etag: str, *, weak: bool) -> bool:
    if header.strip(_SPACES) == "*":
        return True
    return any(tag.value == etag and (weak or not tag.is_weak) for tag in entity_tags(header))
