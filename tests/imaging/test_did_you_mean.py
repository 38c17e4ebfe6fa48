"""Suggestions for mistyped names, and names as messages show them."""

from __future__ import annotations

import pytest

from progimage.imaging.did_you_mean import did_you_mean, shown

KNOWN = ("rotate", "resize", "crop")


@pytest.mark.parametrize(("wrong", "hint"), [("rotat", "'rotate'"), ("RESIZ", "'resize'")])
def test_the_nearest_name_is_suggested(wrong: str, hint: str) -> None:
    assert hint in did_you_mean(wrong, KNOWN)


@pytest.mark.parametrize("wrong", ["", "xyzzy", "rotate" * 7])
def test_without_a_near_name_nothing_is_suggested(wrong: str) -> None:
    assert did_you_mean(wrong, KNOWN) == ""


def test_texts_are_shown_shortened_and_without_control_characters() -> None:
    assert shown("a\n\x1b") == r"'a\n\x1b'"
    assert len(shown("a" * 10_000)) < 50
