"""Small results of calls."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """A signed address that works until it expires."""

    url: str
    expires: str


class Saved(NamedTuple):
    """A file that was downloaded."""

    size_bytes: int
    media_type: str
