"""What people take for the same text matches, whatever its bytes."""

# Letters of many scripts, that look like Latin ones too, are the point here.
# ruff: noqa: RUF001

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.fields import fold
from progimage.library.index.words import (
    MAX_NEEDLE,
    MAX_WORD,
    needles,
    pieces,
    without_accents,
    words,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sea", "sEA"),
        ("Straße", "STRASSE"),
        ("e\u0301te\u0301", "\u00c9T\u00c9"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u202bשלום\u202c", "שלום"),
        ("  sea ", "sea"),
        ("a\u00adb", "ab"),
    ],
)
def test_tags_that_look_alike_are_one(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sea", "see"),
        ("a b", "ab"),
        ("a/b", "a b"),
        ("x²", "x2"),
        ("👩\u200d💻", "👩💻"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_tags_that_differ_to_the_eye_are_two(one, other):
    assert fold(one) != fold(other)


@given(st.text(st.characters(max_codepoint=127)))
def test_words_of_ascii_are_the_same_beside_other_letters(text):
    assert list(words(f"{text} é")) == [*words(text), "é"]


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IMG_2024-01-02.JPG", ["img", "2024", "01", "02", "jpg"]),
        ("don't stop", ["don", "t", "stop"]),
        ("Ｆｕｌｌ ﬁn x²", ["full", "fin", "x2"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("海辺の夕日", ["海辺の夕日"]),
        ("party🎈🎈 time", ["party🎈🎈", "time"]),
        ("מזל טוב!", ["מזל", "טוב"]),
        ("a\u00adb", ["ab"]),
        ("... --- ...", []),
        ("", []),
    ],
)
def test_a_text_falls_into_its_words(text, expected):
    assert list(words(text)) == expected


@given(st.text(), st.integers(0, 50), st.integers(1, 50))
def test_whatever_part_of_a_text_is_looked_for_is_found(text, start, length):
    in_text = [piece for word in words(text) for piece in pieces(word)]
    for word in words(text):
        part = word[start : start + length]
        if list(words(part)) == [part]:
            for needle in needles(part):
                assert any(needle in piece for piece in in_text)


@given(st.text(alphabet="abc", min_size=1, max_size=200), st.integers(0, 200))
def test_any_part_of_a_long_word_lies_in_one_of_its_pieces(word, start):
    part = word[start : start + MAX_NEEDLE]
    assert any(part in piece for piece in pieces(word))
    assert all(len(piece) <= MAX_WORD for piece in pieces(word))


@given(st.text())
def test_no_needle_is_longer_than_what_surely_lies_in_one_piece(text):
    assert all(1 <= len(needle) <= MAX_NEEDLE for needle in needles(text))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("César", "cesar"),
        ("İstanbul", "istanbul"),
        ("ısparta", "isparta"),
        ("Ñandú", "nandu"),
        ("Ἀθῆναι", "αθηναι"),
        ("sea", "sea"),
        # Marks that make other letters stay.
        ("йод", "йод"),
        ("हिन्दी", "हिन्दी"),
        ("が", "が"),
    ],
)
def test_latin_and_greek_words_lose_their_accents(text, plain):
    [word] = words(text)
    assert without_accents(word) == plain
