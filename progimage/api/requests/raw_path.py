"""The path as the client sent it, and keys in it, decoded exactly once.

WSGI has a decoded path, in which `%2F` and `/` are the same. gunicorn has the request target
as it was sent, in `RAW_URI`.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

import falcon

from progimage.errors import InvalidRequest

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
# Some web servers, to which a key may be sent, take a backslash for a slash (IIS), or drop what
# follows a semicolon in a segment (Tomcat).
_DOTS = re.compile(r"(?:^|[/\\])\.\.?(?:;[^/\\]*)?(?:$|[/\\])")
_PATH = "/!$&'()*+,;=:@-._~"


def raw_path(req: falcon.Request) -> str:
    """Return the path of the request target, undecoded and without its query."""
    target = req.env.get("RAW_URI")
    if target is None:  # a server other than gunicorn
        return quote(req.env["PATH_INFO"].encode("latin-1"), safe=_PATH)
    absolute = _ABSOLUTE.match(target)  # RFC 9112, section 3.2.2
    if absolute:
        target = target[absolute.end() :] or "/"
    return str(target.partition("?")[0])


def decoded_key(raw: str) -> str:
    """Return the key that `raw` percent-encodes.

    Raises:
        InvalidRequest: it is empty or not UTF-8, or has a control character or a segment of
            dots.
    """
    try:
        key = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("key: expected percent-encoded UTF-8") from None
    return checked_key(key)


def checked_key(key: str) -> str:
    """Return a decoded key.

    Raises:
        InvalidRequest: as `decoded_key` does.
    """
    if not key:
        raise InvalidRequest("key: expected the path of a picture at its origin")
    if any(ord(character) < 32 or ord(character) == 127 for character in key):
        raise InvalidRequest("key: control characters are not allowed")
    if _DOTS.search(key):
        raise InvalidRequest("key: segments of dots are not allowed")
    return key
