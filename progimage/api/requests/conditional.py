"""Conditional and range requests, as RFC 9110 has them. Pure functions of header texts."""

from __future__ import annotations

import re
from typing import NamedTuple

_ETAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"\s*(?:{_ETAG.pattern})?\s*(?:,|$)")
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


class Span(NamedTuple):
    """`length` bytes from `start`."""

    start: int
    length: int


class Unsatisfiable(NamedTuple):
    """A range that has no byte in common with the representation."""


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
    """Return the one range asked for, or None where the whole is to be sent.

    Several ranges at once, units other than bytes and malformed ones are ignored, as a
    server may; so is a range of another version, by If-Range (a date never matches:
    no Last-Modified is sent).
    Source: RFC 9110, sections 13.1.5 and 14.2.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or (if_range is not None and not _names(if_range, etag, weak=False)):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        return Span(size - length, length) if length else Unsatisfiable()
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    return Span(start, end - start + 1) if start < size else Unsatisfiable()


def _names(header: str, etag: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    position = 0
    while position < len(header):
        match = _LIST.match(header, position)
        if match is None or match.end() == position:
            return False
        prefix, tag = match.groups()
        if tag == etag and (weak or not prefix):
            return True
        position = match.end()
    return False
