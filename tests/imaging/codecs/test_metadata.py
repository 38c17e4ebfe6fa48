"""Nothing of a source's metadata goes along unasked, its place least of all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageCms

from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, JPEG, PNG, TIFF, WEBP
from progimage.imaging.codecs.metadata import Metadata, carried_exif
from progimage.imaging.limits import Limits
from tests.imaging.drawing import put, quadrants, saved

NO_TIFF = [JPEG, PNG, WEBP, AVIF]
KEEPING = [*NO_TIFF, TIFF]


def _camera_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Camera & Co"
    exif[ExifTags.Base.XMLPacket] = b"<xmp>51.5,-0.1</xmp>"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 30.0, 0.0)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = 0.01
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"serial 12345"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth] = 48
    return exif


def _rewritten(tmp_path: Path, form: Format, keep: Metadata) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = saved(
        quadrants(), "JPEG", exif=_camera_exif(), icc_profile=profile, comment=b"my home"
    )
    picture = decode(put(tmp_path, source), Limits())
    buffer = io.BytesIO()
    encode(picture, buffer, form, EncodeOptions(metadata=keep))
    image = Image.open(buffer)
    image.load()
    return image


@pytest.mark.parametrize("form", NO_TIFF, ids=lambda form: form.name)
def test_by_default_nothing_is_cached(form: Format, tmp_path: Path) -> None:
    with _rewritten(tmp_path, form, "none") as image:
        assert dict(image.getexif()) == {}
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)


@pytest.mark.parametrize("form", NO_TIFF, ids=lambda form: form.name)
def test_the_profile_alone_can_be_preserved(form: Format, tmp_path: Path) -> None:
    with _rewritten(tmp_path, form, "icc") as image:
        assert image.info["icc_profile"]
        assert dict(image.getexif()) == {}


@pytest.mark.parametrize("form", KEEPING, ids=lambda form: form.name)
def test_exif_can_be_preserved_without_the_place(form: Format, tmp_path: Path) -> None:
    with _rewritten(tmp_path, form, "exif") as image:
        exif = image.getexif()
        assert exif[ExifTags.Base.Make] == "Camera & Co"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] == pytest.approx(0.01)
        assert ExifTags.IFD.GPSInfo not in exif
        assert ExifTags.Base.MakerNote not in exif.get_ifd(ExifTags.IFD.Exif)
        assert b"51.5" not in image.info.get("exif", b"")


@pytest.mark.parametrize("form", KEEPING, ids=lambda form: form.name)
def test_all_of_exif_can_be_preserved(form: Format, tmp_path: Path) -> None:
    with _rewritten(tmp_path, form, "all") as image:
        assert image.getexif().get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"


@pytest.mark.parametrize("form", KEEPING, ids=lambda form: form.name)
@pytest.mark.parametrize("keep", ["exif", "all"])
def test_preserved_metadata_no_longer_asks_for_a_rotation(
    form: Format, keep: Metadata, tmp_path: Path
) -> None:
    with _rewritten(tmp_path, form, keep) as image:
        assert image.size == (32, 48)
        assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert ExifTags.Base.ExifImageWidth not in image.getexif().get_ifd(ExifTags.IFD.Exif)


@pytest.mark.parametrize(
    "block", [b"Exif\0\0nonsense", b"\0" * 40, b"Exif\0\0II*\0\xff\xff\xff\xff"]
)
def test_a_damaged_block_is_dropped(block: bytes) -> None:
    assert carried_exif(block, "all") in (b"", Image.Exif().tobytes())


def _with_packets() -> bytes:
    data = saved(quadrants(), "JPEG")
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6" dc:rights="Somebody"/>'
    iptc = b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\2ab"
    segments = [(0xE1, xmp), (0xED, iptc)]
    return (
        data[:2]
        + b"".join(
            bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
            for marker, body in segments
        )
        + data[2:]
    )


@pytest.mark.parametrize("form", KEEPING, ids=lambda form: form.name)
@pytest.mark.parametrize("keep", ["none", "exif", "all"])
def test_xmp_goes_along_with_all_and_says_that_it_is_upright(
    keep: Metadata, form: Format, tmp_path: Path
) -> None:
    picture = decode(put(tmp_path, _with_packets()), Limits())
    buffer = io.BytesIO()
    encode(picture, buffer, form, EncodeOptions(metadata=keep))
    again = decode(put(tmp_path, buffer.getvalue(), "again"), Limits())
    expected = b'<x tiff:Orientation="1" dc:rights="Somebody"/>' if keep == "all" else b""
    assert again.xmp == expected


@pytest.mark.parametrize("form", [JPEG, TIFF], ids=lambda form: form.name)
def test_iptc_goes_along_with_all_where_the_format_has_a_place_for_it(
    form: Format, tmp_path: Path
) -> None:
    picture = decode(put(tmp_path, _with_packets()), Limits())
    buffer = io.BytesIO()
    encode(picture, buffer, form, EncodeOptions(metadata="all"))
    again = decode(put(tmp_path, buffer.getvalue(), "again"), Limits())
    assert again.iptc == picture.iptc
    assert again.iptc.startswith(b"8BIM")
