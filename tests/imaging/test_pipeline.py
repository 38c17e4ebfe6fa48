import pickle
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.registry import DECLARED
from tests.imaging.transforming import OTHER, arguments, is_accepted, pipelines, spelt

SAFE = re.compile(r"[A-Za-z0-9:=,._~-]*(/[A-Za-z0-9:=,._~-]+)*")


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", ""),
        ("thumbnail", "thumbnail"),
        ("/thumbnail/", "thumbnail"),
        ("thumbnail:200x200", "thumbnail"),
        ("thumbnail:200x", "thumbnail:width=200"),
        ("thumbnail:x90", "thumbnail:height=90"),
        ("resize:w=400,h=300,fit=cover", "resize:fit=cover,height=300,width=400"),
        ("resize:400x300,cover", "resize:fit=cover,height=300,width=400"),
        ("resize:400,300,cover", "resize:fit=cover,height=300,width=400"),
        ("crop:10,20,800,600", "crop:height=600,width=800,x=10,y=20"),
        ("crop:800x600,10,20", "crop:height=600,width=800,x=10,y=20"),
        ("rotate:-90", "rotate:degrees=270"),
        ("rotate:45,background=white", "rotate:background=ffffff,degrees=45"),
        ("rotate:180,background=white", "rotate:degrees=180"),
        ("greyscale", "grayscale"),
        ("pad:5,top=7", "pad:bottom=5,left=5,right=5,top=7"),
        ("pad:top=5,left=5,b=5,r=5", "pad:all=5"),
        ("watermark:Draft", "watermark:text=Draft"),
        ("watermark:text=a b", "watermark:text=~YSBi"),
        ("watermark:~RHJhZnQ", "watermark:text=Draft"),
        ("resize:9x,gravity=smart,background=red", "resize:width=9"),
    ],
)
def test_equal_requests_have_one_canonical_form(path, canonical):
    assert parse(path).canonical == canonical


@pytest.mark.parametrize(
    "path",
    ["rotate:0", "rotate:360", "brightness:1", "contrast:1.0", "saturation:1", "hue:-360",
     "gamma:1", "blur:0", "sharpen:0", "pad:0", "pad:all=3,top=0,left=0,b=0,r=0", "border:0",
     "pixelate:1", "posterize:8", "sepia:0", "tint:red,0", "watermark:a,opacity=0",
     "strip", "strip:keep=none"],
)  # fmt: skip
def test_a_step_that_changes_nothing_is_dropped(path):
    assert parse(path) == Pipeline()


def test_steps_keep_their_order():
    assert parse("flip/grayscale/mirror").canonical == "flip/grayscale/mirror"
    assert parse("flip/mirror") != parse("mirror/flip")


def test_output_settings_move_behind_the_steps_in_one_order():
    one = parse("quality:80/flip/compress:9000/mirror.webp")
    other = parse("flip/format:webp/compress:bytes=9e3/mirror/quality:80")
    assert one == other
    assert str(one) == "flip/mirror/quality:value=80/compress:max_bytes=9000.webp"


def test_a_format_can_be_put_in_and_taken_out():
    pipeline = parse("flip/quality:70")
    assert str(pipeline.with_format("webp")) == "flip/quality:value=70.webp"
    assert pipeline.with_format("webp").with_format("png") == parse("flip/quality:70.png")
    assert pipeline.with_format("webp").with_format(None) == pipeline


def test_the_other_pictures_a_pipeline_needs_are_known():
    another = "f" * 64
    pipeline = parse(f"watermark:image={OTHER}/mask:image={another}/flip")
    assert pipeline.references == {OTHER, another}
    assert parse("mask:circle").references == frozenset()


def test_a_pipeline_travels_to_another_process():
    pipeline = parse("resize:9x9,fit=cover,gravity=0.3x0.7/border:3,red/watermark:a b.webp")
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline


@given(pipelines())
def test_the_canonical_form_reads_back_as_the_same_pipeline(pipeline):
    assert parse(str(pipeline)) == pipeline
    assert parse(pipeline.canonical) == pipeline.with_format(None)


@given(pipelines())
def test_the_canonical_form_is_safe_in_urls_and_file_names(pipeline):
    assert SAFE.fullmatch(str(pipeline))


@given(st.data())
def test_arguments_in_any_order_under_any_name_are_one_request(data):
    declared = data.draw(st.sampled_from(DECLARED))
    plain = data.draw(arguments(declared))
    assume(is_accepted(spelt(declared, plain)))
    aliased = [
        (data.draw(st.sampled_from([name, *declared.parameters[name].aliases])), text)
        for name, text in data.draw(st.permutations(plain))
    ]
    name = data.draw(st.sampled_from([declared.name, *declared.aliases]))
    as_path = parse(f"{name}:{','.join(f'{k}={v}' for k, v in aliased)}" if aliased else name)
    assert as_path == parse(spelt(declared, plain))
    assert parse(name, aliased) == as_path
