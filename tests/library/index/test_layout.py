"""Where markers stand: in the order of time on every level, within what stores take as a key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.library.index import facets, layout
from progimage.library.index.facets import Facet
from progimage.library.index.layout import Posting
from progimage.library.index.words import pieces, words
from progimage.model import MAX_TAG
from progimage.stores.key_rules import check_key, check_prefix

TIMES = st.integers(1, 2**53).map(
    lambda count: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)
)
IDS = st.integers(0, 16**64 - 1).map(lambda number: f"{number:064x}")
LEVEL = st.sampled_from(layout.LEVELS)
TAG = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=MAX_TAG)
SEA = facets.tag("sea")


@given(TIMES, TIMES, IDS, LEVEL)
def test_later_pictures_come_first_on_every_level(one, other, image_id, level):
    earlier, later = sorted((one, other))
    keys = [
        layout.key_of(Posting("public", SEA, layout.position(time, image_id)), level)
        for time in (later, earlier)
    ]
    assert keys == sorted(keys)
    assert (keys[0] == keys[1]) == (one == other)


@given(TIMES, IDS, LEVEL)
def test_a_posting_can_be_read_back_from_its_key(time, image_id, level):
    posting = Posting("public", SEA, layout.position(time, image_id))
    key = layout.key_of(posting, level)
    check_key(key)
    assert layout.parse_posting(key) == posting
    assert layout.position_in(key, layout.level("public", SEA, level)) == posting.position
    assert layout.id_of(posting.position) == image_id
    assert key.startswith(layout.siblings(posting, level))


@given(TIMES, IDS)
def test_nothing_lies_between_a_position_and_its_successor(time, image_id):
    position = layout.position(time, image_id)
    after = layout.successor(position)
    assert layout.is_position(after)
    assert position < after
    number = int(image_id, 16)
    count = layout.count_of(position)
    assert (layout.count_of(after), int(layout.id_of(after), 16)) == (
        (count, number + 1) if number + 1 < 16**64 else (count + 1, 0)
    )


@pytest.mark.parametrize(
    ("level", "span"),
    [
        (1, timedelta(days=50.9)),
        (2, timedelta(hours=19.08)),
        (3, timedelta(minutes=17.89)),
        (4, timedelta(seconds=16.77)),
    ],
)
def test_the_folders_of_a_level_span_what_the_drawing_says(level, span):
    time = datetime(2024, 5, 17, tzinfo=UTC)

    def folder(after: timedelta) -> str:
        posting = Posting("public", SEA, layout.position(time + after, "0" * 64))
        return layout.siblings(posting, level)

    step = span / 100
    changes = [n for n in range(1000) if folder(n * step) != folder((n + 1) * step)]
    assert {second - first for first, second in pairwise(changes)} <= {100, 101}
    assert len(changes) in (9, 10)


@given(TAG)
def test_any_tag_makes_legal_keys(value):
    facet = facets.tag(value)
    if facet.value:
        posting = Posting("public", facet, layout.position(datetime.now(UTC), "a" * 64))
        for level in layout.LEVELS:
            check_key(layout.key_of(posting, level))
            assert layout.parse_posting(layout.key_of(posting, level)) == posting
        [name] = layout.names("public", facet)
        check_key(name)
        assert layout.parse_name(name) == ("public", facet)


@given(st.text())
def test_every_part_of_any_word_leads_to_it(text):
    for word in words(text):
        for piece in pieces(word):
            names = layout.names("public", facets.word(piece))
            for name in names:
                check_key(name)
                assert layout.parse_name(name) == ("public", facets.word(piece))
                assert layout.word_with_part(name) == piece
            for start in range(len(piece)):
                for end in range(start + 1, len(piece) + 1):
                    prefix = layout.word_parts("public", piece[start:end])
                    assert any(name.startswith(prefix) for name in names)


@given(TAG, st.integers(1, MAX_TAG))
def test_a_tag_is_listed_under_how_it_begins(value, length):
    facet = facets.tag(value)
    beginning = facets.beginning_of_slug(value[:length])
    if facets.slug(value) == facet.value:
        prefix = layout.tag_names("public", beginning)
        check_prefix(prefix)
        assert layout.tag_name("public", facet.value).startswith(prefix)


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
    assert layout.private("") == "private:"
    assert len({layout.private(name) for name in ("", "public", "a/b", "a%2Fb", "A", "a")}) == 6


@pytest.mark.parametrize(
    "key",
    [
        "index/public/all/0123-" + "a" * 64,
        "index/public/all/" + "0" * 18 + "-" + "a" * 64,
        "index/public/all/1/" + "0" * 18 + "-" + "a" * 64,
        "index/public/tags/0" + "0" * 18 + "-" + "a" * 64,
        "index/public/nothing/sea/0" + "0" * 18 + "-" + "a" * 64,
    ],
)
def test_keys_of_another_form_are_no_postings(key):
    assert layout.parse_posting(key) is None


def test_a_name_in_the_wrong_folder_is_none():
    assert layout.parse_name("index/public/tag-names/xx/sea") is None
    assert layout.parse_name("index/public/word-parts/sea/sea") is None
    assert Facet("tags", "sea") == SEA
