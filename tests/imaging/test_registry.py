import json

import pytest

from progimage.imaging.pipeline_parser import parse
from progimage.imaging.registry import BY_NAME, DECLARED, describe


def test_no_two_operations_share_a_name():
    names = [name for what in DECLARED for name in (what.name, *what.aliases)]
    assert len(set(names)) == len(names) == len(BY_NAME)


@pytest.mark.parametrize("what", DECLARED, ids=lambda what: what.name)
def test_every_operation_is_documented(what):
    described = what.describe()
    assert described["summary"].endswith(".")
    assert set(described["positional"]) <= set(described["arguments"]["properties"])


@pytest.mark.parametrize("what", DECLARED, ids=lambda what: what.name)
def test_every_example_is_a_step_of_that_operation(what):
    pipeline = parse(what.example)
    assert what.example.partition(":")[0] == what.name
    assert [step.name for step in (*pipeline.steps, *pipeline.settings)] == [what.name]


def test_the_catalogue_tells_arguments_ranges_defaults_and_order():
    resize = next(what for what in describe() if what["name"] == "resize")
    assert resize["positional"][:3] == ["width", "height", "fit"]
    assert resize["arguments"]["additionalProperties"] is False
    assert resize["arguments"]["required"] == []
    width = resize["arguments"]["properties"]["width"]
    assert (width["minimum"], width["maximum"], width["x-aliases"]) == (1, 8192, ["w"])
    assert resize["arguments"]["properties"]["fit"]["default"] == "inside"


def test_the_catalogue_has_everything_promised():
    promised = """thumbnail resize crop rotate flip mirror trim pad border grayscale sepia invert
        blur sharpen brightness contrast saturation hue gamma equalize autocontrast posterize
        solarize threshold pixelate tint duotone edges emboss mask watermark quality compress
        format strip"""
    assert set(promised.split()) <= {what["name"] for what in describe()}


def test_the_catalogue_can_be_sent_as_json():
    assert json.loads(json.dumps(describe())) == describe()
