"""The pictures of pixels inside an SVG document."""

from __future__ import annotations

import base64
import binascii
import re
from io import BytesIO

from PIL import Image

from progimage.errors import PictureTooComplex
from progimage.imaging.codecs.formats import GIF, JPEG, PNG, WEBP
from progimage.imaging.codecs.pillow_plugins import accepts

# What the renderer decodes. Others, such as an SVG inside the SVG, could name files.
_FORMATS = (JPEG, PNG, WEBP, GIF)
_DATA = re.compile(r"\s*data:image/[a-z+.-]{1,20}(?:;[a-z0-9=-]{1,40}){0,4};base64,", re.IGNORECASE)


class EmbeddedPictures:
    """Checks pictures in `data:` URLs; together they may have `max_pixels`."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._pixels = 0

    def checked(self, url: str) -> str | None:
        """Return a `data:` URL of the same picture, with the type that its bytes have.

        None for any other URL, and for bytes that are not a picture of pixels.

        Raises:
            PictureTooComplex: the pictures have too many pixels together.
        """
        match = _DATA.match(url)
        if match is None:
            return None
        try:
            data = base64.b64decode(url[match.end() :])
        except (binascii.Error, ValueError):
            return None
        form = next((form for form in _FORMATS if accepts(form, data)), None)
        if form is None:
            return None
        try:
            with Image.open(BytesIO(data), formats=(form.pillow_name,)) as picture:
                width, height = picture.size
        except Image.DecompressionBombError:
            raise self._too_many() from None
        except Exception:  # a damaged picture is left out, as browsers do
            return None
        self._pixels += width * height
        if self._pixels > self._max_pixels:
            raise self._too_many()
        return f"data:{form.media_type};base64,{base64.b64encode(data).decode()}"

    def _too_many(self) -> PictureTooComplex:
        return PictureTooComplex(
            f"the pictures inside the svg have more than {self._max_pixels} pixels together"
        )
