"""The parts of an imgproxy path: signature, options, source, extension.

    /<signature>/<option>/…/plain/<percent-encoded source>@<extension>
    /<signature>/<option>/…/<base64url source, may be split by slashes>.<extension>

Source: imgproxy documentation, "Processing an image".
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from progimage.api.fronts.foreign import ForeignUrlError

_PLAIN = "plain"
_MERGED_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/(?=[^/])")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a path.

    Attributes:
        signature: the first segment.
        signed: what the signature is over, with a leading slash.
        options: the option segments, each its name and its arguments.
        source: the source, decoded once.
        extension: the requested output format, behind the source; may be empty.
    """

    signature: str
    signed: str
    options: tuple[tuple[str, ...], ...]
    source: str
    extension: str


def split_path(
    raw_path: str, *, only_presets: bool = False, base64_with_name: bool = False
) -> Parts:
    """Return the parts of a raw, undecoded path.

    With `only_presets` the first segment behind the signature names presets, and there are
    no other options. With `base64_with_name` the last segment behind a base64 source is
    ignored, unless it is the source.

    Known changes by proxies are undone first: `%3A` in options, and one slash instead of two
    behind the scheme of a plain source.

    Raises:
        ForeignUrlError: with 404, as imgproxy answers, if a part is missing or malformed.
    """
    signature, _, rest = raw_path.removeprefix("/").partition("/")
    if not signature or not rest:
        raise _malformed("expected /<signature>/<options>/<source>")
    signed = "/" + _restore(rest)
    segments = signed[1:].split("/")
    if only_presets:
        count = 1
        options: tuple[tuple[str, ...], ...] = (("preset", *segments[0].split(":")),)
    else:
        count = next((n for n, text in enumerate(segments) if ":" not in text), len(segments))
        options = tuple(tuple(text.split(":")) for text in segments[:count])
    tail = segments[count:]
    if not tail:
        raise _malformed("the source is missing")
    if tail[0] == _PLAIN and len(tail) > 1:
        source, extension = _plain("/".join(tail[1:]))
    else:
        is_named = base64_with_name and len(tail) > 1
        source, extension = _base64("".join(tail[:-1] if is_named else tail))
    return Parts(signature, signed, options, source, extension)


def _restore(path: str) -> str:
    if path.startswith(f"{_PLAIN}/"):
        options, mark, source = "", f"{_PLAIN}/", path.removeprefix(f"{_PLAIN}/")
    else:
        options, mark, source = path.partition(f"/{_PLAIN}/")
    options = options.replace("%3A", ":").replace("%3a", ":")
    if not mark:
        return options
    scheme = _MERGED_SLASHES.match(source)
    if scheme:
        slashes = ":///" if scheme[1] == "local" else "://"
        source = scheme[1] + slashes + source[scheme.end() :]
    return options + mark + source


def _plain(text: str) -> tuple[str, str]:
    encoded, at, extension = text.partition("@")
    if "@" in extension:
        raise _malformed("the source has more than one '@'; write %40 for one in its name")
    if not encoded:
        raise _malformed("the source is empty")
    return _decoded(unquote_to_bytes(encoded)), extension if at else ""


def _base64(text: str) -> tuple[str, str]:
    encoded, _, extension = text.partition(".")
    if "." in extension:
        raise _malformed("the source has more than one extension")
    bare = encoded.rstrip("=")
    if not bare:
        raise _malformed("the source is empty")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("the source is neither plain/… nor base64url") from None
    return _decoded(raw), extension


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise _malformed("the source is not UTF-8") from None


def _malformed(what: str) -> ForeignUrlError:
    return ForeignUrlError(f"imgproxy URL: {what}", 404)
