"""Suggestions for mistyped names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN_CHARACTERS = 40


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the nearest of `known`, or "" if none is near."""
    if len(wrong) > _SHOWN_CHARACTERS:
        return ""
    near = get_close_matches(wrong.lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def shown(text: str) -> str:
    """Quote what the caller wrote, shortened and with nothing unprintable."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…")
