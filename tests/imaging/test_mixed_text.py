"""Texts of several scripts, from left to right."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.imaging.mixed_text import runs_of

LATIN, HEBREW = 0, 1


def _has_latin(letter: str) -> bool:
    return letter < "\u0590"


def _has_hebrew(letter: str) -> bool:
    return letter == " " or "\u0590" <= letter < "\u0600"


def _parts(text: str) -> list[tuple[str, int]]:
    return [(run.text, run.font) for run in runs_of(text, [_has_latin, _has_hebrew])]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello", [("Hello", LATIN)]),
        ("Hi שלום ok", [("Hi ", LATIN), ("שלום", HEBREW), (" ", HEBREW), ("ok", LATIN)]),
        ("© שלום", [("שלום", HEBREW), (" ©", LATIN)]),
        ("שלום Hello World", [("Hello World", LATIN), ("שלום ", HEBREW)]),
        ("שלום (2026)", [("(", LATIN), ("2026", LATIN), (")", LATIN), ("שלום ", HEBREW)]),
        ("© 2026 שלום", [(" ", LATIN), ("2026", LATIN), (" ©", LATIN)]),
    ],
)
def test_parts_stand_as_they_are_read(text: str, parts: list[tuple[str, int]]) -> None:
    """A text that begins in Hebrew is read from the right, and numbers and Latin in it are not."""
    found = _parts(text)
    assert found[-len(parts) :] == parts
    assert sum(len(part) for part, _ in found) == len(text)


def test_a_mark_stays_with_its_letter() -> None:
    assert _parts("e\u05b0") == [("e\u05b0", LATIN)]


@given(st.text("aé1 (©שלם\u05b0ع.,-", max_size=12))
def test_every_letter_is_drawn_once(text: str) -> None:
    drawn = "".join(run.text for run in runs_of(text, [_has_latin, _has_hebrew]))
    plain = str.maketrans("()", "||")
    assert sorted(drawn.translate(plain)) == sorted(text.translate(plain))
    if not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
        assert drawn == text
