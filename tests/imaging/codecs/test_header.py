"""Opening reads a header and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from progimage.imaging.codecs.header import opened
from progimage.imaging.limits import Limits
from tests.imaging.drawing import put, saved


@pytest.mark.parametrize("pillow_name", ["JPEG", "PNG", "GIF", "TIFF", "JPEG2000"])
def test_a_file_without_its_pixels_can_still_be_opened(pillow_name: str, tmp_path: Path) -> None:
    data = saved(Image.effect_noise((200, 100), 90), pillow_name)
    with opened(put(tmp_path, data[: len(data) * 9 // 10]), Limits()) as source:
        assert source.size == (200, 100)
