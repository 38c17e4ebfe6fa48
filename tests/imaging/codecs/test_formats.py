"""The table of formats, and the ways to look into it."""

from __future__ import annotations

import pickle

import pytest
from PIL import Image

import progimage.imaging.codecs.pillow_plugins  # noqa: F401 - it registers them with Pillow
from progimage.errors import InvalidArgument
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import (
    READABLE,
    WRITABLE,
    by_extension,
    by_media_type,
    by_name,
)


@pytest.mark.parametrize("form", READABLE, ids=lambda form: form.name)
def test_every_name_extension_and_media_type_leads_back_to_its_format(form: Format) -> None:
    assert by_name(form.name) is form
    assert [by_extension(extension) for extension in form.extensions] == [form] * len(
        form.extensions
    )
    assert [by_media_type(kind) for kind in form.media_types] == [form] * len(form.media_types)


def test_no_two_formats_share_an_extension_or_a_media_type() -> None:
    extensions = [extension for form in READABLE for extension in form.extensions]
    media_types = [kind for form in READABLE for kind in form.media_types]
    assert len(extensions) == len(set(extensions))
    assert len(media_types) == len(set(media_types))


@pytest.mark.parametrize(
    "form", [form for form in READABLE if not form.extra], ids=lambda form: form.name
)
def test_pillow_can_read_every_format_without_an_extra(form: Format) -> None:
    assert form.pillow_name in Image.OPEN


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_pillow_can_write_what_the_list_says_it_can(form: Format) -> None:
    assert form.pillow_name in Image.SAVE
    assert not form.is_animated or form.pillow_name in Image.SAVE_ALL


def test_a_format_needs_a_name_only() -> None:
    form = Format("qoi")
    assert form.extensions == ("qoi",)
    assert form.media_types == form.magic_types == ("image/qoi",)
    assert form.pillow_name == "QOI"
    assert Format("dxf", is_vector=True).pillow_name == ""


def test_extensions_are_understood_in_any_case_and_with_their_dot() -> None:
    assert by_extension(".JPG").name == "jpeg"
    assert by_extension("tif").extension == "tiff"


def test_parameters_of_a_media_type_do_not_matter() -> None:
    assert by_media_type("image/JPEG; charset=binary").name == "jpeg"


def test_a_misspelt_extension_is_answered_with_the_nearest_and_the_list() -> None:
    with pytest.raises(InvalidArgument, match=r"did you mean 'jpg'\?"):
        by_extension("jpgg")


def test_an_extension_near_to_nothing_is_answered_with_the_list() -> None:
    with pytest.raises(InvalidArgument, match=r"'xyzzy'; use one of jpg"):
        by_name("xyzzy")


def test_an_unknown_media_type_is_answered_with_the_list() -> None:
    with pytest.raises(InvalidArgument, match=r"'image/x-tga'; .*image/jpeg"):
        by_media_type("image/x-tga")


@pytest.mark.parametrize("word", ["eps", "psd", "ps", "tga"])
def test_programs_and_formats_without_signature_are_not_formats(word: str) -> None:
    with pytest.raises(InvalidArgument):
        by_name(word)


def test_a_format_survives_the_way_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(by_name("png"))) is by_name("png")
