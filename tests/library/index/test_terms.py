"""Slugs and terms tell apart what differs, and begin as their text does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.fields import MAX_TAG
from progimage.library.index import facets, terms
from progimage.stores.key_rules import check_key

TAG = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=MAX_TAG)


@pytest.mark.parametrize(
    "value", ["a/b", "..", ".hidden", "%2F", "é", "a\u00a0b", "👩\u200d💻", "\u202e"]
)
def test_slugs_keep_apart_what_differs(value):
    slug = facets.slug(value)
    check_key(slug)
    assert "/" not in slug
    others = ["a%2Fb", ".", "hidden", "/", "e\u0301", "a b", "👩💻", ""]
    assert slug not in [facets.slug(other) for other in others]


def test_long_tags_that_begin_alike_stay_apart():
    one, other = ("海" * 99 + end for end in "ab")
    assert facets.slug(one) != facets.slug(other)
    assert len(facets.slug(one).encode()) <= 255


def test_owners_named_to_confuse_have_scopes_of_their_own():
    names = ("", "public", "a/b", "a%2Fb", "A", "a")
    assert len({terms.private(name) for name in names} | {terms.PUBLIC}) == 7


@given(TAG)
def test_no_term_breaks_the_lines_of_a_shelf(value):
    if facet := facets.tag(value).value:
        found = terms.term(facets.Facet("tags", facet))
        assert b"\n" not in found
        assert len(found) < 255


@given(TAG, st.integers(1, MAX_TAG))
def test_the_slug_of_a_tag_begins_as_the_tag_does(value, length):
    slug = facets.slug(value)
    assert slug.startswith(facets.beginning_of_slug(value[:length]))
