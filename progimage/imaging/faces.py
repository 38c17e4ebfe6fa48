"""Finding faces, by the detector of dlib: an extra.

It finds faces that look at the camera, upright, from about a sixteenth of the picture's longer
side on. Source: N. Dalal and B. Triggs, "Histograms of Oriented Gradients" (2005), as in dlib's
`get_frontal_face_detector`, whose weights are part of its library.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

from PIL.Image import Image, Resampling

from progimage.imaging.areas import MAX_AREAS, Area

IS_INSTALLED = importlib.util.find_spec("dlib") is not None
"""True where faces can be found."""

SIDE = 640
"""The longer side of the picture that is looked at; it is doubled for the smallest faces."""


def find_faces(image: Image) -> tuple[Area, ...] | None:
    """Return where faces are in an upright picture, the surest first; None without dlib."""
    if not IS_INSTALLED:
        return None
    import numpy  # noqa: PLC0415 - an extra

    grey = image.convert("L")
    scale = min(1.0, SIDE / max(grey.size))
    size = tuple(max(1, round(side * scale)) for side in grey.size)
    grey = grey.resize((size[0], size[1]), Resampling.BOX) if scale < 1 else grey
    found, _, _ = _detector().run(numpy.asarray(grey), 1, 0.0)
    areas = (_area(box, grey.size) for box in found[:MAX_AREAS])
    return tuple(area for area in areas if area.width > 0 and area.height > 0)


@cache
def _detector() -> Any:
    import dlib  # noqa: PLC0415 - an extra

    return dlib.get_frontal_face_detector()


def _area(box: Any, size: tuple[int, int]) -> Area:
    """Return a box of dlib, which may stand out of the picture."""
    left, right = (min(max(x, 0), size[0]) / size[0] for x in (box.left(), box.right() + 1))
    top, bottom = (min(max(y, 0), size[1]) / size[1] for y in (box.top(), box.bottom() + 1))
    return Area(*(round(value, 4) for value in (left, top, right - left, bottom - top)))
