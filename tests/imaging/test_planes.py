"""Photographs as planes: what is written is read again, and damage is found."""

from __future__ import annotations

from io import BytesIO
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging import planes
from tests.imaging.drawing import corners, is_near, quadrants

WHOLE = (0.0, 0.0, 7.0, 5.0)


def written(picture: Image.Image) -> bytes:
    file = BytesIO()
    planes.write(planes.of(picture), file)
    return file.getvalue()


def test_a_file_is_a_stream_of_one_frame_that_other_programs_read():
    data = written(quadrants((7, 5)))
    assert data.startswith(b"YUV4MPEG2 W7 H5 F1:1 Ip A1:1 C420jpeg\nFRAME\n")
    assert len(data) == len(b"YUV4MPEG2 W7 H5 F1:1 Ip A1:1 C420jpeg\nFRAME\n") + 7 * 5 + 2 * 4 * 3


def test_a_grey_picture_has_one_plane_and_stays_as_it_is():
    grey = Image.effect_noise((7, 5), 50)
    found = planes.read(BytesIO(written(grey)))
    assert found.chroma == ()
    assert found.joined((7, 5), WHOLE).tobytes() == grey.tobytes()


@pytest.mark.parametrize("size", [(64, 48), (63, 47)])
def test_colours_come_back_in_their_places(size):
    picture = quadrants(size)
    found = planes.read(BytesIO(written(picture)))
    for scaled in (size, (31, 22)):
        seen = corners(found.joined(scaled, (0.0, 0.0, *size)).convert("RGB"))
        meant = corners(picture)
        assert all(is_near(seen[place], meant[place], 12) for place in meant)


def test_planes_and_back_are_rounded_to_the_nearest():
    """Pillow's own conversions round down: pictures came out up to a level darker."""
    levels = range(0, 256, 25)
    errors: list[int] = []
    for colour in product(levels, repeat=3):
        back = planes.of(Image.new("RGB", (2, 2), colour)).as_picture().tobytes()[:3]
        errors += [found - meant for found, meant in zip(back, colour, strict=True)]
    assert max(map(abs, errors)) <= 2
    assert abs(sum(errors) / len(errors)) < 0.05


def test_grey_stays_grey_on_the_way_through_planes():
    ramp = Image.linear_gradient("L").convert("RGB")
    assert planes.of(ramp).as_picture().tobytes() == ramp.tobytes()


def test_a_part_is_cut_from_the_chroma_where_it_is_cut_from_the_luma():
    found = planes.read(BytesIO(written(quadrants((64, 48)))))
    part = found.joined((16, 12), (4.0, 4.0, 28.0, 20.0)).convert("RGB")
    assert max(high - low for low, high in part.getextrema()) < 12


@given(st.integers(0, 200), st.binary(max_size=4))
def test_what_is_cut_or_changed_in_length_is_damaged(length, more):
    data = written(quadrants((7, 5)))
    changed = data[:length] + more
    if len(changed) == len(data):
        return
    with pytest.raises(CorruptPicture):
        planes.read(BytesIO(changed))


@pytest.mark.parametrize(
    "header",
    [
        b"YUV4MPEG2 W0 H5 F1:1 Ip A1:1 C420jpeg\nFRAME\n",
        b"YUV4MPEG2 W9999999 H5 F1:1 Ip A1:1 C420jpeg\nFRAME\n",
        b"YUV4MPEG2 W7 H5 F1:1 Ip A1:1 C422\nFRAME\n",
        b"YUV4MPEG2 W7 H5\nFRAME\n",
        b"",
    ],
)
def test_other_headers_are_damaged(header):
    with pytest.raises(CorruptPicture, match="header"):
        planes.read(BytesIO(header))
