"""The identifiers of pictures in URLs of IIIF and Deep Zoom, with a signature or without.

    identifier = (picture id / "origin:" name ":" key) ["~" signature]

An identifier is one segment of a path, so the slashes of a key are percent-encoded. Viewers
send no token with their requests. So the signature of a private picture is a part of the
identifier, and viewers repeat it in each URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from progimage import keys
from progimage.access.signed_links import TOKEN
from progimage.api.requests.raw_path import checked_key, decoded_key
from progimage.errors import InvalidRequest, NotFound

# RFC 3986, section 3.3: allowed in a segment as they are.
_SAFE = ":@~._-!$&'()*+,;="
_SIGNED = re.compile(
    rf"(?s)(?P<name>.+)~(?P<signature>{re.sub(r'[?]P<[a-z]+>', '', TOKEN.pattern)})"
)
_ORIGIN = re.compile(r"(?s)origin:(?P<origin>[a-z0-9][a-z0-9-]{0,31}):(?P<key>.+)")
_MAX_IDENTIFIER = 4_000


@dataclass(frozen=True, slots=True)
class Identifier:
    """A picture of the library, or of an origin.

    Attributes:
        image_id: "" for a picture of an origin.
        origin, key: "" for a picture of the library.
        signature: None if there is none.
    """

    image_id: str = ""
    origin: str = ""
    key: str = ""
    signature: str | None = None

    @property
    def name(self) -> str:
        """The identifier without its signature, decoded."""
        return self.image_id or f"origin:{self.origin}:{self.key}"

    @property
    def segment(self) -> str:
        """The segment of a path that stands for it, percent-encoded, with its signature."""
        signature = f"~{self.signature}" if self.signature else ""
        return f"{quote(self.name, safe=_SAFE)}{signature}"


def read_identifier(raw: str, signature: str | None = None) -> Identifier:
    """Return the identifier that a percent-encoded segment spells.

    Args:
        signature: one that does not stand in the segment.

    Raises:
        NotFound: there can be no picture of that name.
    """
    if len(raw) > _MAX_IDENTIFIER:
        raise _not_found()
    try:
        text = decoded_key(raw)
        signed = _SIGNED.fullmatch(text)
        if signed:
            text, signature = signed["name"], signed["signature"]
        if keys.is_image_id(text):
            return Identifier(image_id=text, signature=signature)
        foreign = _ORIGIN.fullmatch(text)
        if foreign is None:
            raise _not_found()
        key = checked_key(foreign["key"])
    except InvalidRequest:
        raise _not_found() from None
    return Identifier(origin=foreign["origin"], key=key, signature=signature)


def _not_found() -> NotFound:
    return NotFound(
        "there is no picture of that identifier; expected a picture's id, or "
        "origin:<name>:<key> with %2F for each slash of the key"
    )
