"""Running pipelines in tests, and making up pipelines that could be asked for."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from PIL import Image

from progimage.errors import InvalidRequest
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Declared
from progimage.imaging.parameters import Parameter
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.registry import DECLARED
from progimage.imaging.render import transform

LIMITS = Limits()
OTHER = "0123456789abcdef" * 4
"""The id under which tests offer another picture."""

Spelling = list[tuple[str, str]]


def apply(text: str, image: Image.Image, other: Image.Image | None = None) -> Image.Image:
    """Return what a pipeline makes of one image."""
    return apply_all(text, [image], other).frames[0]


def apply_all(text: str, images: list[Image.Image], other: Image.Image | None = None) -> Picture:
    """Return what a pipeline makes of an animation of these images."""
    picture = Picture(tuple(images), (40,) * len(images), loop=3)
    pictures = {OTHER: other} if other else {}
    return transform(picture, parse(text), LIMITS, pictures=pictures)


_SPELLINGS = {
    "areas": ["0.1x0.2x0.3x0.4", "0x0x1x1_.5x.5x.250x1"],
    "color": ["white", "f00", "#00F080", "Teal", "123456FF", "f008", "0000"],
}


def values(parameter: Parameter, most: int | None = None) -> st.SearchStrategy[str]:
    """Return a strategy of texts that a parameter accepts, in all their spellings.

    `most` bounds whole numbers from above, for pictures that are quickly made.
    """
    schema = parameter.schema
    if parameter.names_picture:
        return st.just(OTHER)
    if schema["type"] in ("integer", "number"):
        return numbers(schema["type"], schema["minimum"], schema["maximum"], most)
    if schema["type"] == "boolean":
        return st.sampled_from(["true", "false", "1", "no", "ON"])
    if (of_format := schema.get("format")) in _SPELLINGS:
        return st.sampled_from(_SPELLINGS[of_format])
    if "anyOf" in schema or "enum" in schema:
        points = ["NE", "0.25x.5", "1x0", "0.10x1.0"]
        return st.sampled_from(schema.get("enum") or [*schema["anyOf"][0]["enum"], *points])
    return st.text("ab-_ é(~.", min_size=1, max_size=5)


def numbers(kind: str, low: float, high: float, most: int | None) -> st.SearchStrategy[str]:
    """Return a strategy of spellings of numbers between two bounds."""
    if kind == "number":
        values = st.floats(low, high)
        return st.builds(format, values, st.sampled_from([".2f", ".1f", "+.3f", ".1e"]))
    high = min(high, max(most or high, low))
    return st.builds(
        format, st.integers(int(low), int(high)), st.sampled_from(["d", ".1f", "+d", "03d"])
    )


@st.composite
def arguments(draw: st.DrawFn, declared: Declared, most: int | None = None) -> Spelling:
    """Return some arguments of an operation, by their long names, in declared order."""
    return [
        (name, draw(values(parameter, most)))
        for name, parameter in declared.parameters.items()
        if parameter.default is ... or draw(st.booleans())
    ]


def spelt(declared: Declared, given: Spelling) -> str:
    """Return the text of one step."""
    return declared.name + (":" if given else "") + ",".join(f"{k}={v}" for k, v in given)


@st.composite
def pipelines(draw: st.DrawFn, most: int | None = None, kind: type[Any] = Declared) -> Pipeline:
    """Return a pipeline that is accepted."""
    steps: list[str] = []
    for declared in draw(st.lists(st.sampled_from(DECLARED), min_size=1, max_size=4)):
        step = spelt(declared, draw(arguments(declared, most)))
        if isinstance(declared, kind) and is_accepted("/".join([*steps, step])):
            steps.append(step)
    return parse("/".join(steps))


def is_accepted(text: str) -> bool:
    """Tell if a pipeline's text can be read."""
    try:
        parse(text)
    except InvalidRequest:
        return False
    return True
