"""The size of a picture that this service has written."""

from __future__ import annotations

import io

from PIL import Image

from progimage.imaging.operation import Size


def written_size(data: bytes) -> Size:
    """Return width and height by the header; nothing is decoded.

    Args:
        data: a rendition. It is not checked as an upload is, so nothing else may be given.
    """
    with Image.open(io.BytesIO(data)) as image:
        return image.size
