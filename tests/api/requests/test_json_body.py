"""Errors about JSON bodies: the path of the field, and what is expected."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, StrictInt

from progimage.api.requests.json_body import JsonBody, UploadFields, validated
from progimage.errors import InvalidField


class Inner(JsonBody):
    size: StrictInt = Field(ge=1, le=1000)


class Example(JsonBody):
    name: str = Field(max_length=5)
    mode: Literal["a", "b"] = "a"
    sizes: list[Annotated[StrictInt, Field(ge=1)]] = Field(default=[], max_length=2)
    choice: list[int] | dict[str, str] | None = None
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "name: missing; expected a string of at most 5 characters"),
        ({"name": 7}, "name: expected a string of at most 5 characters"),
        ({"name": "x" * 6}, "name: expected a string of at most 5 characters"),
        ({"name": "\ud800"}, "name: not valid Unicode"),
        ({"name": "x", "mode": "c"}, "mode: expected one of a, b"),
        ({"name": "x", "sizes": [1, 0]}, "sizes.1: expected a whole number of at least 1"),
        ({"name": "x", "sizes": [1, "2"]}, "sizes.1: expected a whole number of at least 1"),
        ({"name": "x", "sizes": [1, 2, 3]}, "sizes: expected a list of at most 2 entries"),
        ({"name": "x", "choice": 7}, "choice: expected a list or an object or null"),
        (
            {"name": "x", "inner": {"size": 0}},
            "inner.size: expected a whole number from 1 to 1,000",
        ),
        (
            {"name": "x", "nmae": 1, "b": 2},
            "nmae, b: no such field; the fields are name, mode, sizes, choice, inner",
        ),
    ],
)
def test_an_error_names_the_field_and_what_is_expected(fields, message):
    with pytest.raises(InvalidField) as error:
        validated(Example, fields)
    assert str(error.value) == message


def test_every_wrong_field_is_named():
    with pytest.raises(InvalidField) as error:
        validated(Example, {"name": 7, "mode": "c"})
    assert str(error.value).count(": expected") == 2


def test_an_error_about_thousands_of_long_fields_is_short():
    with pytest.raises(InvalidField) as error:
        validated(Example, {"name": "x", **{f"{n}{'y' * 10_000}": 1 for n in range(5_000)}})
    assert len(str(error.value)) < 1_000


def test_null_stands_for_the_default_and_only_sent_fields_count_as_sent():
    metadata = validated(UploadFields, {"title": None, "tags": ["a"]}).metadata()
    assert (metadata.title, metadata.tags, metadata.model_fields_set) == ("", ("a",), {"tags"})
