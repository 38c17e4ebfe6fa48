import pytest

from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.pipeline_parser import parse


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("", EncodeOptions()),
        ("quality:75", EncodeOptions(quality=75)),
        ("compress:9000", EncodeOptions(max_bytes=9000)),
        ("lossless", EncodeOptions(lossless=True)),
        ("progressive", EncodeOptions(progressive=True)),
        ("strip", EncodeOptions(metadata="none")),
        ("strip:keep=exif", EncodeOptions(metadata="exif")),
        ("flip/strip:keep=icc/quality:5/mirror", EncodeOptions(quality=5, metadata="icc")),
    ],
)
def test_settings_reach_the_encoder(path, options):
    assert parse(path).output.options == options


@pytest.mark.parametrize(
    ("path", "format"),
    [("", None), ("format:webp", "webp"), ("format:JPG", "jpeg"), ("format:tif", "tiff"),
     ("format:auto", "auto"), (".jp2", "jpeg2000")],
)  # fmt: skip
def test_the_format_goes_by_all_its_names(path, format):
    assert parse(path).output.format == format
