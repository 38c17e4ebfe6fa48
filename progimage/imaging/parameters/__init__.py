"""The arguments of operations, declared as data: one, and the kinds there are."""

from progimage.imaging.parameters.numbers import (
    angle,
    number,
    numbers,
    whole,
    write_number,
)
from progimage.imaging.parameters.parameter import Parameter, Value
from progimage.imaging.parameters.words import (
    areas,
    choice,
    colour,
    compass,
    flag,
    gravity,
    picture_id,
    ratio,
    text,
)

__all__ = [
    "Parameter",
    "Value",
    "angle",
    "areas",
    "choice",
    "colour",
    "compass",
    "flag",
    "gravity",
    "number",
    "numbers",
    "picture_id",
    "ratio",
    "text",
    "whole",
    "write_number",
]
