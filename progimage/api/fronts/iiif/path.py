"""Which request a raw path of the image service is."""

from __future__ import annotations

from typing import NamedTuple

from progimage.api.fronts.iiif.grammar import Version
from progimage.api.fronts.iiif.identifier import Identifier, read_identifier
from progimage.errors import InvalidRequest, NotFound

INFO = "info.json"


class ImagePath(NamedTuple):
    """The parts of a path.

    Attributes:
        rest: empty for the base URI; `INFO` alone; or region, size, rotation, and quality
            with format, percent-encoded.
    """

    identifier: Identifier
    rest: tuple[str, ...]


def split_path(version: Version, raw: str) -> ImagePath:
    """Return the parts of a raw path, such as /iiif/3/<identifier>/info.json.

    Raises:
        NotFound: there is nothing at this path, or its identifier is none of a picture.
        InvalidRequest: it has too many parts, or too few.
    """
    # A proxy may have left a path prefix in place.
    before, mark, rest = raw.partition(f"/iiif/{version}/")
    if not mark or "/iiif/" in before:
        raise NotFound("there is nothing at this path")
    segment, *parts = rest.removesuffix("/").split("/")
    identifier = read_identifier(segment)
    if parts not in ([], [INFO]) and len(parts) != 4:
        raise InvalidRequest(
            "path: expected <identifier>/<region>/<size>/<rotation>/<quality>.<format> or "
            "<identifier>/info.json, with %2F for each slash of the identifier"
        )
    return ImagePath(identifier, tuple(parts))
