"""Texts of several scripts: each part with the first font that has it, in writing order.

Source: Unicode Standard Annex 9 (bidirectional algorithm), rules P2, N1, N2, W2, I1, I2 and L2,
without embeddings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from PIL.ImageFont import FreeTypeFont

Face = Callable[[int], FreeTypeFont]
"""Returns a font of a size."""

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f"
_MIRRORED = str.maketrans("()[]{}<>«»\u2039\u203a", ")(][}{><»«\u203a\u2039")
_RIGHT_TO_LEFT = ("R", "AL")


class Run(NamedTuple):
    """A part of a text in one font, with the level of its direction; odd is right to left."""

    text: str
    font: int
    level: int


def runs_of(text: str, has: Sequence[Callable[[str], bool]]) -> list[Run]:
    """Return the parts of a text from left to right.

    Args:
        has: for each font, in order of preference, whether it has a letter.
    """
    levels = _levels(text)
    fonts: list[int] = []
    for at, letter in enumerate(text):
        before = fonts[-1] if at else None
        if before is not None and (letter in _INVISIBLE or unicodedata.combining(letter)):
            fonts.append(before)
            continue
        # The font of the letter before, if it has this one, keeps words and their spaces in one.
        order = [*(() if before is None else (before,)), *range(len(has))]
        fonts.append(next((font for font in order if has[font](letter)), len(has) - 1))
    found: list[Run] = []
    at = 0
    for (font, level), letters in groupby(zip(fonts, levels, strict=True)):
        length = len(list(letters))
        found.append(Run(_mirrored(text[at : at + length], level), font, level))
        at += length
    return _from_left_to_right(found)


def _mirrored(text: str, level: int) -> str:
    """Return a part as it is drawn; fonts only turn one round that has letters of its direction."""
    has_letters = any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)
    return text if has_letters or level % 2 == 0 else text[::-1].translate(_MIRRORED)


def _levels(text: str) -> list[int]:
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    strong = next((kind for kind in kinds if kind in ("L", *_RIGHT_TO_LEFT)), "L")
    base = 1 if strong in _RIGHT_TO_LEFT else 0
    directions: list[str] = []
    last = "R" if base else "L"
    for kind in kinds:
        if kind in ("L", *_RIGHT_TO_LEFT):
            last = "L" if kind == "L" else "R"
        if kind in ("EN", "AN"):
            directions.append("N" if last == "R" else "L")
        elif kind == "NSM":
            directions.append(directions[-1] if directions else last)
        else:
            directions.append(last if kind in ("L", *_RIGHT_TO_LEFT) else "")
    level = {"L": 0 if base == 0 else 2, "R": 1, "N": 2}
    return [level[direction] for direction in _resolved(directions, "R" if base else "L")]


def _resolved(directions: list[str], base: str) -> list[str]:
    """Return the directions with those of neutral letters, which follow their neighbours."""
    sides = [*(("R" if each == "N" else each) for each in directions)]
    result = list(directions)
    for at, direction in enumerate(directions):
        if direction:
            continue
        before = next((side for side in reversed(sides[:at]) if side), base)
        after = next((side for side in sides[at + 1 :] if side), base)
        result[at] = before if before == after else base
    return result


def _from_left_to_right(runs: list[Run]) -> list[Run]:
    for level in range(max((run.level for run in runs), default=0), 0, -1):
        ordered: list[Run] = []
        for is_reversed, group in groupby(runs, key=lambda run: run.level >= level):
            members = list(group)
            ordered += members[::-1] if is_reversed else members
        runs = ordered
    return runs
