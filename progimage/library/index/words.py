"""The words of a text, as search compares them: caseless, without typographic variants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from progimage.fields import VARIATION_SELECTORS

MAX_WORD = 40
"""Longest word that is looked up as one; a longer one counts as overlapping pieces."""

MAX_NEEDLE = MAX_WORD // 2
"""Longest text that is certain to be inside one piece, at any place in a long word."""

# What `words` finds in such texts, thirty times as fast. "^" and "`" are modifier symbols.
_ASCII_WORD = re.compile(r"[0-9a-z^`]+")


def words(text: str) -> Iterator[str]:
    """Yield the words of a text: runs of letters, marks, digits and pictographs.

    Compatibility caseless (D146): full-width letters, ligatures and superscripts
    match the plain ones. Words come in the order of the text, repeated ones too.
    """
    folded = text.casefold()
    if folded.isascii():
        yield from _ASCII_WORD.findall(folded)
        return
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


def without_accents(word: str) -> str:
    """Return a word as people type it who lack its accents: Latin and Greek without marks.

    Marks of other scripts make other letters. The dotless i of Turkish becomes an i.
    """
    if word.isascii():
        return word
    found: list[str] = []
    has_accents = False
    for character in unicodedata.normalize("NFD", word):
        if unicodedata.category(character) != "Mn":
            has_accents = unicodedata.name(character, "").startswith(("LATIN", "GREEK"))
            found.append("i" if character == "\N{LATIN SMALL LETTER DOTLESS I}" else character)
        elif not has_accents:
            found.append(character)
    return unicodedata.normalize("NFC", "".join(found))


def pieces(word: str) -> Iterator[str]:
    """Yield the index entries of a word: the word itself, or pieces that overlap by half."""
    yield word[:MAX_WORD]
    for start in range(MAX_NEEDLE, len(word) - MAX_NEEDLE, MAX_NEEDLE):
        yield word[start : start + MAX_WORD]


def needles(query: str) -> Iterator[str]:
    """Yield the search terms of a query; a text matches if each is part of one of its pieces."""
    for word in words(query):
        yield word[:MAX_NEEDLE]
        for start in range(MAX_NEEDLE, len(word), MAX_NEEDLE):
            yield word[max(0, min(start, len(word) - MAX_NEEDLE)) :][:MAX_NEEDLE]


def spellings(needle: str) -> tuple[str, ...]:
    """Return a search term as it is and without accents, once if the two are equal.

    Texts are indexed in both forms (`facets.words_of`), so a term with an accent finds the
    plain word too.
    """
    return tuple(dict.fromkeys((needle, without_accents(needle))))


def _is_part_of_word(character: str) -> bool:
    if character.isalnum():
        return True
    category = unicodedata.category(character)
    if character in VARIATION_SELECTORS:
        return False
    return category[0] == "M" or category in ("So", "Sk", "Nl", "No")


def _is_invisible(character: str) -> bool:
    return character in VARIATION_SELECTORS or unicodedata.category(character) == "Cf"
