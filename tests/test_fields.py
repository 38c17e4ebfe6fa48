"""The texts of a record: what is cleaned, and what is not allowed."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from progimage import fields


def read(kind: object, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Straße", "STRASSE"), ("e\u0301", "É"), ("❤", "❤\ufe0f"), ("a\u00adb", "ab"), (" a ", "A")],
)
def test_tags_that_look_the_same_fold_to_the_same(one, other):
    assert fields.fold(one) == fields.fold(other)


def test_joiners_distinguish_words():
    assert fields.fold("a\u200db") != fields.fold("ab")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (fields.Title, "  e\u0301 ", "é"),
        (fields.Description, "one\r\ntwo\tthree", "one\ntwo\tthree"),
        (fields.Tags, ("Sea", "sea", "Sky"), ("Sea", "Sky")),
        (fields.Custom, '{"client": "A"}', {"client": "A"}),
        (fields.Fraction, 0.123456, 0.1235),
        (fields.Rights, "https://example.org/rights", "https://example.org/rights"),
    ],
)
def test_values_are_cleaned(kind, value, expected):
    assert read(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fields.Title, "two\nlines"),
        (fields.Title, "\ud800"),
        (fields.Description, "\x00"),
        (fields.Tag, "\u00ad"),
        (fields.Rights, "CC BY 4.0"),
        (fields.ExternalId, ".."),
        (fields.ExternalId, "a\u200bb"),
        (fields.Custom, "[1]"),
        (fields.Custom, "[" * 10_000),
        (fields.Custom, {"": "no name"}),
        (fields.Fraction, 1.1),
    ],
)
def test_others_are_errors(kind, value):
    with pytest.raises(ValidationError):
        read(kind, value)


def test_points_may_be_text():
    assert fields.point_of_text(" 0.25x.5 ") == {"x": 0.25, "y": 0.5}
    assert fields.point_of_text({"x": 1}) == {"x": 1}
    with pytest.raises(ValueError, match="expected a point"):
        fields.point_of_text("2x0")
