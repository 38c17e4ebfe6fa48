"""Signed links."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """A signed address that works until it expires."""

    url: str
    expires: str
