"""Texts with emoji, whose font has coloured pictures of one size."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from PIL import Image as Images
from PIL import ImageDraw, ImageFont, features
from PIL.Image import Image
from PIL.ImageFont import FreeTypeFont, Layout

from progimage.imaging import font_files
from progimage.imaging.colour import Colour
from progimage.imaging.mixed_text import Face, runs_of
from progimage.imaging.operation import Size
from progimage.imaging.resampling import resized

# The only size of Noto Color Emoji, and its place on the line.
_PX = 109
_ABOVE_LINE, _CELL = 101, 160

# What joins emoji to one, gives them colours, or says that a sign is one.
# Source: Unicode Technical Standard 51, sections 1.4 and 2.
_JOINING = "\u200d\ufe0e\ufe0f\u20e3"
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")

Run = tuple[str, bool]
"""A part of a text, and whether it is emoji."""


def runs(text: str) -> list[Run]:
    """Return the parts of a text that are emoji, and those between them, in order.

    Without the font, or without Raqm, which joins emoji, all of it is text.
    """
    font = _font()
    if font is None:
        return [(text, False)]
    found: list[Run] = []
    for part, is_emoji in _parts(text):
        if found and found[-1][1] == is_emoji:
            found[-1] = found[-1][0] + part, is_emoji
        else:
            found.append((part, is_emoji))
    return found


def without_emoji(text: str) -> str:
    """Return the rest of a text."""
    return "".join(part for part, is_emoji in runs(text) if not is_emoji)


def lettering_with_emoji(text: str, size: int, colour: Colour, room: Size, face: Face) -> Image:
    """Draw a text with emoji on transparency, `size` pixels high or as large as fits.

    `face` is the font of all else, by its size. Emoji keep their colours.
    """
    parts = [(part, None if is_emoji else face) for part, is_emoji in runs(text)]
    return _line(in_writing_order(parts), size, colour, room)


def mixed_lettering(
    text: str,
    size: int,
    colour: Colour,
    room: Size,
    fonts: Sequence[tuple[Face, Callable[[str], bool]]],
) -> Image:
    """Draw a text of which no font has all letters, as `lettering_with_emoji` does.

    `fonts` has each with a function that tells if it has a letter, in order of preference.
    """
    faces: list[Face | None] = [None, *(face for face, _ in fonts)]
    found = runs_of(text, [_is_emoji, *(has for _, has in fonts)])
    return _line([(run.text, faces[run.font]) for run in found], size, colour, room)


def _line(
    written: Sequence[tuple[str, Face | None]], size: int, colour: Colour, room: Size
) -> Image:
    """Draw parts of a text from left to right, each with a font or, for None, as emoji."""
    fonts = [face(size) if face else None for _, face in written]
    metrics = [font.getmetrics() for font in fonts if font] or [(size, 0)]
    above = max(size, *(above for above, _ in metrics))
    below = max(size // 3, *(below for _, below in metrics))
    parts = [
        _letters(part, font, above, below, colour)
        if font
        else _emoji(part, size, above, below, colour.alpha)
        for (part, _), font in zip(written, fonts, strict=True)
    ]
    line = Images.new("RGBA", (sum(part.width for part in parts), above + below), (*colour[:3], 0))
    x = 0
    for part in parts:
        line.alpha_composite(part, (x, 0))
        x += part.width
    line = line.crop(line.getbbox() or (0, 0, 1, 1))
    ratio = min(1.0, room[0] / line.width, room[1] / line.height)
    if ratio < 1:
        fitted = (max(1, int(line.width * ratio)), max(1, int(line.height * ratio)))
        line = resized(line, fitted)
    return line


def _parts(text: str) -> Iterator[Run]:
    """Yield a text in pieces of a letter, a keycap, or an emoji."""
    at, is_emoji = 0, False
    while at < len(text):
        if keycap := _KEYCAP.match(text, at):
            is_emoji, end = True, keycap.end()
        else:
            end = at + 1
            # Joiners belong to what is before them.
            is_emoji = (is_emoji and text[at] in _JOINING) or _is_emoji(text[at])
        yield text[at:end], is_emoji
        at = end


@lru_cache(4_096)
def _is_emoji(letter: str) -> bool:
    """True for a sign that the emoji font has, and that is not of ASCII or Latin-1."""
    font = _font()
    if font is None or letter <= "\xff" or letter in _JOINING:
        return False
    probe = Images.new("RGBA", (_CELL, _CELL))
    ImageDraw.Draw(probe).text((0, 0), letter, font=font, embedded_color=True)
    return probe.getbbox() is not None


def _font() -> FreeTypeFont | None:
    path = font_files.emoji_font()
    if path is None or not features.check("raqm"):
        return None
    return ImageFont.truetype(path, _PX, layout_engine=Layout.RAQM)


def in_writing_order(parts: list[tuple[str, Face | None]]) -> list[tuple[str, Face | None]]:
    """Return the parts from left to right; in Arabic and Hebrew the first is rightmost."""
    for part, face in parts:
        for letter in part if face else "":
            direction = unicodedata.bidirectional(letter)
            if direction in ("L", "R", "AL"):
                return parts if direction == "L" else parts[::-1]
    return parts


def _letters(text: str, font: FreeTypeFont, above: int, below: int, colour: Colour) -> Image:
    width = max(1, round(font.getlength(text)))
    letters = Images.new("L", (width, above + below))
    ImageDraw.Draw(letters).text((0, above), text, fill=colour.alpha, font=font, anchor="ls")
    part = Images.new("RGBA", letters.size, colour[:3])
    part.putalpha(letters)
    return part


def _emoji(text: str, size: int, above: int, below: int, alpha: int) -> Image:
    font, scale = _font(), size / _PX
    if font is None:
        raise AssertionError("a part is only emoji where their font is")
    height = round((above + below) / scale)
    drawn = Images.new("RGBA", (max(1, round(font.getlength(text))), height))
    top = round(above / scale) - _ABOVE_LINE
    ImageDraw.Draw(drawn).text(
        (0, top), text, font=font, embedded_color=True, fill=(0, 0, 0, alpha)
    )
    return resized(drawn, (max(1, round(drawn.width * scale)), above + below))
