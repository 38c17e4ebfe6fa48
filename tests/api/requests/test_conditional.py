"""The header rules of RFC 9110, apart from any server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.api.requests.conditional import (
    Span,
    Unsatisfiable,
    entity_tags,
    match_holds,
    none_match_holds,
    parse_range,
)


@pytest.mark.parametrize(
    ("header", "weak", "strong"),
    [
        ('"v"', True, True),
        ('W/"v"', True, False),
        ("*", True, True),
        ('"a", "v"', True, True),
        ('"a","b"', False, False),
        ('"a,v"', False, False),
        ("v", False, False),
        ('"v', False, False),
        ("", False, False),
        (', ,"v"', True, True),
        ('"a" "v"', False, False),
    ],
)
def test_an_etag_is_found_in_a_list_or_not(header, weak, strong):
    assert none_match_holds(header, "v") is not weak
    assert match_holds(header, "v") is strong


def test_a_missing_condition_holds():
    assert none_match_holds(None, "v")
    assert match_holds(None, "v")


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_header_however_odd_breaks_the_parser(header, etag):
    none_match_holds(header, etag)
    match_holds(header, etag)
    parse_range(header, header, etag, 10)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 100))
def test_a_range_is_what_slicing_gives(first, last, size):
    span = parse_range(f"bytes={first}-{last}", None, "v", size)
    expected = range(size)[first : last + 1]
    if last < first:
        assert span is None
    elif not expected:
        assert isinstance(span, Unsatisfiable)
    else:
        assert span == Span(expected[0], len(expected))


@given(st.integers(0, 200), st.integers(1, 100))
def test_a_suffix_is_the_last_bytes(length, size):
    span = parse_range(f"bytes=-{length}", None, "v", size)
    if length == 0:
        assert isinstance(span, Unsatisfiable)
    else:
        assert span == Span(size - min(length, size), min(length, size))


def test_a_range_of_nothing_is_unsatisfiable():
    assert isinstance(parse_range("bytes=0-", None, "v", 0), Unsatisfiable)


class Counted(str):
    """Text that counts how often it is indexed or sliced."""

    reads = 0

    def __getitem__(self, key):
        self.reads += 1
        return str(super().__getitem__(key))


HOSTILE = st.text(st.sampled_from(' \t,"W/vx*=-0bytes'), max_size=400)


@given(HOSTILE, st.integers(1, 20))
def test_a_list_of_etags_is_read_in_steps_that_grow_with_its_length(piece, times):
    header = Counted(piece * times)
    list(entity_tags(header))
    assert header.reads <= 3 * len(header) + 3


@pytest.mark.parametrize("piece", [",", " ", '"', '"a", ', "W/", "W", '" '])
def test_the_worst_lists_are_read_once_too(piece):
    header = Counted("," + piece * 8000 + "x")
    list(entity_tags(header))
    assert header.reads <= 3 * len(header) + 3


@pytest.mark.parametrize(
    "header",
    [
        "bytes=" + " " * 8000 + "x",
        "bytes" + " " * 8000,
        "bytes=" + "1" * 8000 + "-",
        "=-",
        "bytes=-",
    ],
)
def test_a_range_that_is_none_is_ignored(header):
    assert parse_range(header, None, "v", 10) is None


def test_digits_of_other_scripts_are_no_range():
    assert parse_range("bytes=\u0663-\u0664", None, "v", 10) is None


def test_spaces_around_the_parts_of_a_range_are_allowed():
    assert parse_range("bytes = 1 - 2 ", None, "v", 10) == Span(1, 2)
