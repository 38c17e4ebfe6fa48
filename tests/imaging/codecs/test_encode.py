"""What a picture becomes in each format."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from progimage.errors import InvalidArgument
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, GIF, HEIC, JPEG, WRITABLE
from progimage.imaging.codecs.picture import Picture
from tests.imaging.codecs.writing import noise, read, written
from tests.imaging.drawing import (
    quadrants,
)


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_reported_values_are_the_written_ones(form: Format, tmp_path: Path) -> None:
    picture = Picture((quadrants(),))
    path = tmp_path / "written"
    encoded = encode(picture, str(path), form)
    assert encoded.size_bytes == path.stat().st_size
    assert (encoded.width, encoded.height, encoded.frames) == (48, 32, 1)
    assert encoded.quality == form.default_quality
    assert written(picture, form)[0] == path.read_bytes()


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_equal_pictures_give_equal_bytes(form: Format) -> None:
    assert written(noise(), form) == written(noise(), form)


def test_a_file_is_written_from_where_it_stands() -> None:
    file = io.BytesIO(b"before")
    file.seek(6)
    encoded = encode(Picture((quadrants(),)), file, JPEG)
    assert file.getvalue()[:8] == b"before\xff\xd8"
    assert encoded.size_bytes == len(file.getvalue()) - 6


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if f.has_lossless], ids=lambda form: form.name
)
def test_lossless_keeps_every_pixel(form: Format, tmp_path: Path) -> None:
    picture = noise(64)
    data, encoded = written(picture, form, EncodeOptions(lossless=True))
    assert encoded.quality is None
    assert read(data, tmp_path).frames[0].tobytes() == picture.frames[0].tobytes()


@pytest.mark.parametrize("form", [JPEG, AVIF, GIF], ids=lambda form: form.name)
def test_lossless_is_refused_where_there_is_no_such_thing(form: Format) -> None:
    with pytest.raises(InvalidArgument, match=f"{form.name} cannot be lossless; use one of png"):
        written(noise(16), form, EncodeOptions(lossless=True))


def test_a_format_that_is_only_read_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="heic is read but not written"):
        written(noise(16), HEIC)
