"""The addresses of pictures of origins."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

_REMEMBERED = 8_192
# Every other character of a key, or of a pipeline, is encoded (RFC 3986, 3.3).
_KEY = "/!$&'()*+,;=:@-._~"
_PIPELINE = ":=,._-~/@"


@lru_cache(_REMEMBERED)
def url_of(origin: str, key: str, pipeline: str) -> str:
    """Return the path of a rendition of an origin's picture, or of the picture itself for ""."""
    middle = f"/{quote(pipeline, safe=_PIPELINE)}" if pipeline else ""
    return f"/origins/{origin}{middle}/-/{quote(key, safe=_KEY)}"
