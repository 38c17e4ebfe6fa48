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


TAGS = st.lists(st.tuples(st.booleans(), st.text("abc!,#\xff", max_size=5)), max_size=5)
GAPS = st.text(" \t,", max_size=5)


@given(TAGS, GAPS)
def test_a_list_is_read_tag_by_tag_with_empty_elements_between(tags, gap):
    written = [f'{"W/" * is_weak}"{value}"' for is_weak, value in tags]
    header = gap + f"{gap},{gap}".join(written) + gap
    assert [(tag.is_weak, tag.value) for tag in entity_tags(header)] == tags


@pytest.mark.parametrize("rest", ["x", '"b"', "W", 'W"b"', '"b', '\x7f"b"', ';"b"'])
def test_a_list_ends_at_the_first_character_that_cannot_belong_to_it(rest):
    assert [tag.value for tag in entity_tags(f'"a" {rest}, "c"')] == ["a"]


@pytest.mark.parametrize("piece", [",", " ", '"', '"a", ', "W/", "W", '" '])
def test_the_longest_lists_end_too(piece):
    assert len(list(entity_tags("," + piece * 8000 + "x"))) <= 8000


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
