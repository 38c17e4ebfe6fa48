"""The size of a rendition, by its header."""

from __future__ import annotations

import pytest

from progimage.imaging.codecs.written_size import written_size
from tests.imaging.drawing import quadrants, saved


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF"])
def test_the_header_has_the_size(name: str) -> None:
    assert written_size(saved(quadrants((50, 30)), name)) == (50, 30)
