"""How text is compared: tags caseless, words caseless and without typographic variety."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

MAX_WORD = 40
"""Longest word that is looked up as one; a longer one counts as overlapping pieces."""

MAX_NEEDLE = MAX_WORD // 2
"""Longest text that is certain to lie in one piece wherever it stands in a long word."""

_VARIATION_SELECTORS = "\ufe0e\ufe0f"
_JOINERS = "\u200c\u200d"


def fold(text: str) -> str:
    """Return the form in which two tags are equal if people take them for the same.

    Canonical caseless matching (Unicode 15, D145), and no invisible character counts
    but the joiners, which tell words of Persian and whole families of emoji apart.
    """
    visible = "".join(
        character
        for character in text
        if character not in _VARIATION_SELECTORS
        and (unicodedata.category(character) != "Cf" or character in _JOINERS)
    )
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", visible).casefold()).strip()


def words(text: str) -> Iterator[str]:
    """Yield the words of a text: runs of letters, marks, digits and pictographs.

    Compatibility caseless (D146): full-width letters, ligatures and superscripts
    match the plain ones. Words come as they stand in the text, again and again.
    """
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text).casefold())
    word: list[str] = []
    for character in folded:
        if _is_part_of_word(character):
            word.append(character)
        elif not _is_invisible(character) and word:
            yield "".join(word)
            word.clear()
    if word:
        yield "".join(word)


def pieces(word: str) -> Iterator[str]:
    """Yield what stands for a word in the index: itself, or pieces that overlap by half."""
    yield word[:MAX_WORD]
    for start in range(MAX_NEEDLE, len(word) - MAX_NEEDLE, MAX_NEEDLE):
        yield word[start : start + MAX_WORD]


def needles(query: str) -> Iterator[str]:
    """Yield what must each be part of some piece of a text for the query to match it."""
    for word in words(query):
        yield word[:MAX_NEEDLE]
        for start in range(MAX_NEEDLE, len(word), MAX_NEEDLE):
            yield word[max(0, min(start, len(word) - MAX_NEEDLE)) :][:MAX_NEEDLE]


def _is_part_of_word(character: str) -> bool:
    if character.isalnum():
        return True
    category = unicodedata.category(character)
    if character in _VARIATION_SELECTORS:
        return False
    return category[0] == "M" or category in ("So", "Sk", "Nl", "No")


def _is_invisible(character: str) -> bool:
    return character in _VARIATION_SELECTORS or unicodedata.category(character) == "Cf"
