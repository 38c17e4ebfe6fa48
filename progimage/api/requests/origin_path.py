"""The parts of a path below `/origins/<name>/`: what is requested, and the key of the picture."""

from __future__ import annotations

from functools import lru_cache

import falcon

from progimage.api.requests.raw_path import decoded_key
from progimage.errors import InvalidRequest, NotFound
from progimage.origins.origins import Origin, Origins

MARK = "/-/"
"""Separates the two; everything after the first one is the key."""

_REMEMBERED = 8_192


def origin_of(origins: Origins, name: str) -> Origin:
    """Return the origin of this name; raise `NotFound` if there is none."""
    origin = origins.get(name)
    if origin is None:
        raise NotFound(f"there is no origin {name[:32]!r}")
    return origin


@lru_cache(_REMEMBERED)
def parts_of(raw: str, name: str) -> tuple[str, str]:
    """Return the text before `/-/` in a raw path and the key after it, both decoded.

    Raises:
        NotFound: there is no origin of this name.
        InvalidRequest: the path has no key.
    """
    before, mark, rest = raw.partition(f"/origins/{name}/")
    # A proxy may have left a path prefix in place.
    if not mark or MARK in before:
        raise NotFound(f"there is no origin {name[:32]!r}")
    action, mark, key = f"/{rest}".partition(MARK)
    if not mark:
        raise InvalidRequest(
            "path: expected <pipeline>/-/<key>, such as thumbnail.webp/-/2024/boat.jpg"
        )
    return falcon.uri.decode(action.strip("/"), unquote_plus=False), decoded_key(key)


def key_of(raw: str, name: str) -> str:
    """Return the key of a raw path, decoded.

    Raises:
        NotFound: there is no origin of this name.
        InvalidRequest: the path has no key.
    """
    return parts_of(raw, name)[1]
