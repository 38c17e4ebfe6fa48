"""Texts of pipelines: extensions, queries, presets, and what is wrong with a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.errors import ConfigError, InvalidArgument, InvalidRequest, OutputTooLarge
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import check_presets, parse
from progimage.imaging.registry import DECLARED
from tests.imaging.transforming import OTHER


@pytest.mark.parametrize(
    "name", ["quality:80/flip/quality:80", "strip/strip", "flip/format:png.png"]
)
def test_an_output_setting_given_twice_is_refused(name):
    with pytest.raises(InvalidRequest, match="given twice"):
        parse(name)


@pytest.mark.parametrize(
    ("path", "canonical", "format"),
    [
        ("grayscale.webp", "grayscale", "webp"),
        ("grayscale.JPG", "grayscale", "jpeg"),
        ("grayscale.auto", "grayscale", "auto"),
        ("flip/format:avif", "flip", "avif"),
        ("rotate:1.5", "rotate:degrees=1.5", None),
        ("rotate:1.5.webp", "rotate:degrees=1.5", "webp"),
        ("thumbnail:9x9,gravity=0.3x0.7,fit=cover.png",
         "thumbnail:fit=cover,gravity=0.3x0.7,height=9,width=9", "png"),
        (".webp", "", "webp"),
        ("format:webp", "", "webp"),
        ("watermark:v1.2", "watermark:text=~djEuMg", None),
    ],
)  # fmt: skip
def test_an_extension_is_one_only_if_it_names_a_format(path, canonical, format):
    pipeline = parse(path)
    assert (pipeline.canonical, pipeline.format) == (canonical, format)


def test_the_query_gives_a_single_step_its_arguments():
    expected = parse("resize:400x300,fit=cover.png")
    assert parse("resize.png", [("w", "400"), ("height", "300"), ("fit", "cover")]) == expected


def test_a_query_may_hold_what_a_path_cannot():
    assert parse("watermark", [("text", "a,b/c=d")]) == parse("watermark:~YSxiL2M9ZA")


@pytest.mark.parametrize("path", ["flip/mirror", ""])
def test_a_query_needs_exactly_one_step(path):
    with pytest.raises(InvalidRequest, match="single step"):
        parse(path, [("width", "3")])


@pytest.mark.parametrize(
    ("path", "query", "complaint"),
    [
        ("sepiaa", (), "no operation named 'sepiaa'; did you mean 'sepia'?"),
        ("zzz", (), "no operation named 'zzz'; GET /transforms/ lists them"),
        ("resize:0", (), "resize.width: expected a whole number from 1 to 8192, got '0'"),
        ("resize:w=8193", (), "resize.width: expected a whole number from 1 to 8192, got '8193'"),
        ("resize:widht=3", (), "resize: no argument named 'widht'; did you mean 'width'?"),
        ("border:3,zzz=3", (), "border: no argument named 'zzz'; it has width, colour"),
        ("flip:x=3", (), "flip: no argument named 'x'; it takes none"),
        ("flip:3", (), "flip: takes no arguments"),
        ("border:1,red,3", (), "border: takes at most 2 arguments, got 3; it has width, colour"),
        ("strip:all", (), "strip: takes arguments only by name; it has keep"),
        ("resize:w=3,width=4", (), "resize.width: given twice"),
        ("resize:3,width=4", (), "resize.width: given twice"),
        ("resize:w=3", [("width", "3")], "resize.width: given twice"),
        ("resize", [("w", "3"), ("w", "3")], "resize.width: given twice"),
        ("resize:w=3,4", (), "resize: '4' has no name; arguments without one go before those "
         "with one"),
        ("resize:,3", (), "resize: empty argument; write name=value or a value"),
        ("resize:", (), "resize: empty argument; write name=value or a value"),
        ("brightness", (), "brightness.factor: is required; expected a number from 0 to 10"),
        ("resize", (), "resize: needs a width, a height or both"),
        ("crop", (), "crop: needs a width, a height, or a corner x, y to cut from"),
        ("crop:x=1,w=2,gravity=north", (), "crop.gravity: goes with a size alone, not with x or y"),
        ("resize:3x3,contain,gravity=smart", (),
         "resize.gravity: smart goes with fit=cover, not with contain"),
        ("mask", (), "mask: needs either a shape or an image"),
        (f"mask:circle,image={OTHER}", (), "mask: needs either a shape or an image"),
        ("mask:circle,radius=3", (), "mask.radius: goes with shape=rounded only"),
        ("watermark", (), "watermark: needs either a text or an image"),
        ("watermark:a,scale=0.5", (), "watermark.scale: does not go with text"),
        (f"watermark:image={OTHER},size=9", (), "watermark.size: does not go with image"),
        ("watermark:a,tile=1,gravity=north", (), "watermark.gravity: does not go with tile"),
        ("watermark:𒀀𒁀", (), "watermark.text: the fonts have no '𒀀', '𒁀'; use Latin, Greek or"
         " Cyrillic letters, digits and common signs"),
        ("grayscale.wepb", (), "no format 'wepb'; did you mean 'webp'?"),
        ("flip.webp/mirror", (), "'flip.webp': an extension may only stand at the end"),
        ("flip//mirror", (), "pipeline: empty step; steps are separated by a single '/'"),
        ("/".join(["flip"] * 11), (), "pipeline: at most 10 steps, got 11"),
        ("card:3", (), "card: a preset takes no arguments and calls no other"),
        ("card.png", [("x", "3")], "pipeline: a preset takes no arguments, nor a query"),
        ("crad", (), "no operation named 'crad'; did you mean 'card'?"),
    ],
)  # fmt: skip
def test_the_error_of_a_wrong_request_says_what_where_and_what_would_work(path, query, complaint):
    with pytest.raises(InvalidRequest) as caught:
        parse(path, query, presets={"card": "flip"})
    assert str(caught.value).startswith(complaint)


def test_a_format_that_is_only_read_is_refused_as_output():
    with pytest.raises(InvalidArgument, match=r"format\.name: expected one of jpeg, png"):
        parse("format:heic")


def test_a_preset_is_its_steps():
    presets = {"card": "resize:400x300,fit=cover/quality:80.webp"}
    assert parse("card", presets=presets) == parse(presets["card"])
    assert parse("flip/card/mirror", presets=presets) == parse(
        "flip/resize:400x300,fit=cover/mirror/quality:80.webp"
    )


def test_the_steps_of_presets_count():
    presets = {"many": "flip/mirror/flip"}
    with pytest.raises(InvalidRequest, match="5 steps"):
        parse("many/many", presets=presets, limits=Limits(max_steps=5))


def test_a_preset_cannot_call_a_preset():
    with pytest.raises(InvalidArgument, match="preset"):
        parse("loop", presets={"loop": "loop"})


def test_presets_are_checked_together():
    presets = {"card": "flip", "flip": "mirror", "bad": "resize:0", "loop": "card"}
    with pytest.raises(ConfigError) as caught:
        check_presets(presets, Limits())
    assert str(caught.value) == (
        "presets.flip: is the name of an operation; choose another; "
        "presets.bad: resize.width: expected a whole number from 1 to 8192, got '0'; "
        "presets.loop: no operation named 'card'; GET /transforms/ lists them"
    )
    check_presets({"card": "flip"}, Limits())


@given(
    st.text(max_size=60)
    | st.text("flipresz:=,./x0189-~", max_size=40)
    | st.builds("{}:{}".format, st.sampled_from([d.name for d in DECLARED]), st.text(max_size=30))
)
def test_any_text_is_read_or_refused_but_nothing_else(text):
    try:
        pipeline = parse(text)
    except (InvalidRequest, OutputTooLarge):
        return
    assert parse(str(pipeline)) == pipeline


@given(st.sampled_from([d.name for d in DECLARED]), st.dictionaries(st.text(), st.text()))
def test_any_query_is_read_or_refused_but_nothing_else(name, query):
    try:
        pipeline = parse(name, list(query.items()))
    except InvalidRequest:
        return
    assert parse(str(pipeline)) == pipeline
