"""Content decides the format; disguises and double natures are refused."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from progimage.errors import EmptyPicture, MismatchedMedia, UnsupportedMedia
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import READABLE, WRITABLE
from progimage.imaging.codecs.sniff import sniff
from tests.imaging.drawing import BLUE, RED, animated, heic, put, quadrants, saved, solids


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return buffer.getvalue()


def _phone_jpeg(trailer: bytes) -> bytes:
    return saved(quadrants(), "JPEG") + trailer


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_both_detectors_see_what_pillow_wrote(form: Format, tmp_path: Path) -> None:
    data = saved(quadrants((32, 32)), form.pillow_name)
    assert sniff(put(tmp_path, data)) is form
    assert sniff(io.BytesIO(data)) is form


@pytest.mark.parametrize(
    "form", [form for form in WRITABLE if form.is_animated], ids=lambda form: form.name
)
def test_animations_are_seen_as_their_format(form: Format) -> None:
    assert sniff(io.BytesIO(animated(solids(RED, BLUE), form.pillow_name))) is form


@pytest.mark.skipif("heic" not in {form.name for form in READABLE}, reason="needs pi-heif")
def test_heic_is_seen_where_its_library_is_installed() -> None:
    assert sniff(io.BytesIO(heic((64, 64)))).name == "heic"


def test_an_open_file_is_left_at_its_beginning() -> None:
    file = io.BytesIO(saved(quadrants(), "PNG"))
    file.seek(7)
    sniff(file)
    assert file.tell() == 0


def test_no_bytes_are_an_empty_picture(tmp_path: Path) -> None:
    for source in (put(tmp_path, b""), io.BytesIO()):
        with pytest.raises(EmptyPicture):
            sniff(source)


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"<svg/>", "image/svg+xml"),
        (b"<html><svg xmlns='http://www.w3.org/2000/svg'/></html>", "text/html"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "application/postscript"),
        (b"<!DOCTYPE html><html></html>", "text/html"),
        (b"#!/bin/sh\necho\n", "text/x-shellscript"),
        (b"hello", "text/plain"),
        (b"\0" * 64, "application/octet-stream"),
    ],
    ids=["svg without namespace", "svg in html", "eps", "html", "script", "text", "zeros"],
)
def test_an_unlisted_transform_is_named_beside_the_allowed_ones(data: bytes, seen: str) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        sniff(io.BytesIO(data))
    assert seen in str(caught.value)
    assert "jpg, png, webp" in str(caught.value)


def test_a_formats_own_signature_is_not_enough_for_libmagic() -> None:
    """Two bytes, "BM", are all that Pillow asks of a BMP."""
    with pytest.raises(UnsupportedMedia):
        sniff(io.BytesIO(b"BM, said the spider"))


def test_disagreeing_detectors_differ_from_an_unknown_format() -> None:
    with pytest.raises(MismatchedMedia, match="ambiguous"):
        sniff(io.BytesIO(b"BM<html><body>hi</body></html>"))


@pytest.mark.parametrize(
    "trailer",
    [
        b"\0" * 400,
        b"\r\n",
        saved(quadrants(), "JPEG"),
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\1\0mdat" + bytes(range(256)),
        b"SEFH\x6b\0\0\0\1\0\0\0" + bytes(range(200)) + b"SEFT",
    ],
    ids=["padding", "newline", "gain map", "film", "maker's notes"],
)
def test_bytes_that_phones_append_to_a_jpeg_pass(trailer: bytes) -> None:
    assert sniff(io.BytesIO(_phone_jpeg(trailer))).name == "jpeg"


@pytest.mark.parametrize("pillow_name", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "JPEG2000"])
@pytest.mark.parametrize(
    "trailer",
    [
        b"%PDF-1.4\n1 0 obj\n",
        b"<html><body>",
        b"\n  <ScRiPt>alert(1)</script>",
        b"<?php system($_GET[0]);",
        b"#!/bin/sh\nrm -r /\n",
        b"MZ" + b"\0" * 58 + b"\x40\0\0\0" + b"PE\0\0",
        b"Rar!\x1a\x07\x00" + b"\0" * 20,
        b"7z\xbc\xaf\x27\x1c\x00\x04",
    ],
    ids=["pdf", "html", "script tag", "php", "shell", "exe", "rar", "7z"],
)
def test_documents_programs_and_archives_behind_a_picture_are_refused(
    pillow_name: str, trailer: bytes
) -> None:
    data = saved(quadrants(), pillow_name)
    sniff(io.BytesIO(data))
    with pytest.raises(MismatchedMedia, match="send a plain picture"):
        sniff(io.BytesIO(data + trailer))


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_a_zip_archive_at_the_end_of_any_format_is_refused(form: Format) -> None:
    data = saved(quadrants((32, 32)), form.pillow_name)
    with pytest.raises(MismatchedMedia, match="ZIP"):
        sniff(io.BytesIO(data + _zip()))


def test_the_signature_of_a_zip_inside_a_picture_means_nothing() -> None:
    data = saved(quadrants(), "JPEG", comment=b"PK\x05\x06" + b"\0" * 18)
    assert sniff(io.BytesIO(data)).name == "jpeg"


def test_a_pdf_header_in_the_first_kilobyte_is_refused() -> None:
    data = saved(quadrants(), "JPEG", comment=b"%PDF-1.4 hidden in a comment")
    with pytest.raises(MismatchedMedia, match="PDF"):
        sniff(io.BytesIO(data))


def test_a_gif_that_opens_a_script_comment_is_refused() -> None:
    data = bytearray(saved(quadrants(), "GIF"))
    data[6:8] = b"/*"
    with pytest.raises(MismatchedMedia, match="script"):
        sniff(io.BytesIO(bytes(data) + b"*/=1;alert(1)"))


def test_a_jpeg_that_opens_a_script_comment_is_refused() -> None:
    data = bytearray(saved(quadrants(), "JPEG"))
    assert data[2:4] == b"\xff\xe0"
    data[4:6] = b"/*"
    with pytest.raises(MismatchedMedia, match="script"):
        sniff(io.BytesIO(bytes(data)))


def test_an_end_marker_inside_a_jpegs_thumbnail_is_not_its_end() -> None:
    """The EXIF thumbnail is a JPEG of its own, with an end marker in the middle."""
    comment = b"\xff\xd9<html>"
    assert sniff(io.BytesIO(saved(quadrants(), "JPEG", comment=comment))).name == "jpeg"


def test_many_threads_sniff_at_once() -> None:
    files = {form: saved(quadrants((32, 32)), form.pillow_name) for form in WRITABLE}
    with ThreadPoolExecutor(8) as pool:
        wanted = list(files) * 20
        seen = list(pool.map(lambda form: sniff(io.BytesIO(files[form])), wanted))
    assert seen == wanted
