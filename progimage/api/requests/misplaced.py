"""Sizes and formats in the query of an original, which do not belong there."""

from __future__ import annotations

import re

from progimage import keys
from progimage.api.requests.query import Pairs
from progimage.errors import InvalidRequest
from progimage.imaging.codecs import formats

_EXTENSIONS = frozenset(
    extension for form in formats.READABLE if form.is_writable for extension in form.extensions
) | {"auto"}
_SIDES = {"w": "w", "width": "w", "h": "h", "height": "h"}
_FORMATS = ("format", "fm")
_SEVERAL = {
    "dpr": "width=400&dpr=1,2",
    "srcset": "widths=320,640,1280",
    "widths": "widths=320,640,1280",
}
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


def check_no_transform(image_id: str, arguments: Pairs) -> None:
    """Raise `InvalidRequest` if a query has a size or a format, as with other services.

    The error names the URL of the rendition.
    """
    shown = image_id if keys.is_image_id(image_id) else "<id>"
    for name, _ in arguments:
        if name in _SEVERAL:
            raise InvalidRequest(
                f"{name}: this URL is that of the original; its renditions in several sizes are at "
                f"/images/{shown}/srcset?{_SEVERAL[name]}"
            )
    found = [name for name, _ in arguments if name in _SIDES or name in _FORMATS]
    if not found:
        return
    sides = dict.fromkeys(
        f"{_SIDES[name]}={value}"
        for name, value in arguments
        if name in _SIDES and _NUMBER.fullmatch(value)
    )
    extension = next(
        (value for name, value in arguments if name in _FORMATS and value in _EXTENSIONS), ""
    )
    steps = f"/resize:{','.join(sides)}" if sides else ""
    if not steps and not extension:
        steps = "/resize:w=400"
    raise InvalidRequest(
        f"{found[0]}: this URL is that of the original; a rendition has its steps in the path, as "
        f"in /images/{shown}{steps}{'.' if extension else ''}{extension}"
    )
