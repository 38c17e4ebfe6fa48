"""Pictures that are written in at most so many bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from progimage.errors import OutputTooLarge
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.fit_bytes import MIN_SEARCHED_QUALITY
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import GIF, JPEG, PNG, TIFF
from tests.imaging.codecs.writing import LOSSY, noise, read, written


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_the_best_quality_that_fits_is_found(form: Format) -> None:
    picture = noise()
    limit = written(picture, form, EncodeOptions(quality=60))[1].size_bytes
    data, encoded = written(picture, form, EncodeOptions(quality=90, max_bytes=limit))
    assert len(data) == encoded.size_bytes <= limit
    assert encoded.quality is not None
    assert encoded.quality >= 60
    assert (encoded.width, encoded.height) == picture.size


def test_a_picture_that_fits_already_keeps_its_quality() -> None:
    assert written(noise(), JPEG, EncodeOptions(max_bytes=10**6))[1].quality == 80


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_where_no_quality_fits_the_picture_gets_smaller(form: Format, tmp_path: Path) -> None:
    data, encoded = written(noise(), form, EncodeOptions(max_bytes=1200))
    assert len(data) <= 1200
    assert encoded.quality == MIN_SEARCHED_QUALITY
    assert encoded.width == encoded.height < 128
    assert read(data, tmp_path).size == (encoded.width, encoded.height)


def test_a_size_that_nothing_fits_is_refused() -> None:
    with pytest.raises(OutputTooLarge, match="100 bytes"):
        written(noise(), JPEG, EncodeOptions(max_bytes=100))


@pytest.mark.parametrize("form", [PNG, TIFF, GIF], ids=lambda form: form.name)
def test_formats_without_quality_cannot_be_made_to_fit(form: Format) -> None:
    with pytest.raises(OutputTooLarge, match="without loss"):
        written(noise(), form, EncodeOptions(max_bytes=2500))
