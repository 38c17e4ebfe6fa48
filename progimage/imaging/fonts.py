"""Texts as pictures."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import cast

from PIL import Image as Images
from PIL import ImageDraw, ImageFont, features
from PIL.Image import Image
from PIL.ImageFont import FreeTypeFont, Layout

from progimage.imaging import font_files
from progimage.imaging.colour import Colour
from progimage.imaging.emoji import lettering_with_emoji, mixed_lettering, without_emoji
from progimage.imaging.mixed_text import Face
from progimage.imaging.operation import Size

_EMOJI_SIGN = "\ufe0f"
# Levels of direction that a text opens and closes; marks of direction, which words in Latin
# letters do without. Source: Unicode Standard Annex 9, 2.
_EMBEDDINGS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_JOINERS = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060))
_DIRECTIONS = {**_EMBEDDINGS, 0x200E: None, 0x200F: None, 0x061C: None, 0xFEFF: None}

# Any size shows which letters there are.
_PROBE = 20


def undrawable(text: str) -> list[str]:
    """Return the letters of a text that no font has; none if the text can be drawn."""
    left = list(dict.fromkeys(without_emoji(_shown(text))))
    for font in (*OWN_FACES, *system_faces()):
        left = _missing(font, "".join(left))
    return left


def lettering(text: str, size: int, colour: Colour, room: Size) -> Image:
    """Draw a text on transparency, its letters `size` pixels high or as large as fits."""
    text = _shown(text)
    fonts = (*OWN_FACES, *system_faces())
    face = next((font for font in fonts if not _missing(font, text)), None)
    plain = without_emoji(text)
    if face is None or (plain != text and _EMOJI_SIGN in text):
        face = next((font for font in fonts if not _missing(font, plain)), None)
        if face is None:
            return mixed_lettering(text, size, colour, room, _with_letters(fonts))
        if plain != text:
            return lettering_with_emoji(text, size, colour, room, face)
    if face in OWN_FACES:
        text = text.translate(_JOINERS)
    while True:
        font = face(size)
        left, top, right, bottom = font.getbbox(text)
        ratio = min(1.0, room[0] / max(1, right - left), room[1] / max(1, bottom - top))
        if ratio == 1 or size == 1:
            break
        # With hinting the width does not shrink in proportion to the size, so this is a loop.
        size = max(1, min(size - 1, math.floor(size * ratio)))
    extent = (
        max(1, min(room[0], math.ceil(right - left))),
        max(1, min(room[1], math.ceil(bottom - top))),
    )
    letters = Images.new("L", extent)
    ImageDraw.Draw(letters).text((-left, -top), text, fill=colour.alpha, font=font)
    stamp = Images.new("RGBA", extent, colour[:3])
    stamp.putalpha(letters)
    return stamp


def _shown(text: str) -> str:
    """Return a text without signs that only steer its direction."""
    is_turned = any(_is_right_to_left(letter) for letter in text)
    return text.translate(_EMBEDDINGS if is_turned else _DIRECTIONS)


def _is_right_to_left(letter: str) -> bool:
    return letter.isalpha() and unicodedata.bidirectional(letter) in ("R", "AL")


def _with_letters(fonts: Sequence[Face]) -> list[tuple[Face, Callable[[str], bool]]]:
    """Return each font with a function that tells if it has a letter."""

    def has(font: Face) -> Callable[[str], bool]:
        return cache(lambda letter: not _missing(font, letter))

    return [(font, has(font)) for font in fonts]


def _aileron(size: int) -> FreeTypeFont:
    """Return the font that comes with Pillow: plain Latin letters only."""
    return cast(FreeTypeFont, ImageFont.load_default(size))


def _noto(size: int) -> FreeTypeFont:
    return ImageFont.truetype(BytesIO(_noto_bytes()), size, layout_engine=Layout.BASIC)


@cache
def _noto_bytes() -> bytes:
    return font_files.OWN_FONT.read_bytes()


def _from_system(path: Path) -> Face:
    def face(size: int) -> FreeTypeFont:
        return ImageFont.truetype(path, size, layout_engine=Layout.RAQM)

    return face


def system_faces() -> tuple[Face, ...]:
    """Return the fonts of other scripts that the machine has, in a fixed order.

    Without Raqm, which joins and orders the letters of a line, there are none.
    """
    if not features.check("raqm"):
        return ()
    return tuple(_from_system(path) for path in font_files.system_fonts())


# The first that has all letters of a text draws it: what it drew before there were more
# fonts must stay as it is, since it is cached under the same name.
OWN_FACES: tuple[Face, ...] = (_aileron, _noto)


def _missing(face: Face, text: str) -> list[str]:
    """Return the letters for which a font draws its box for missing ones."""
    font = face(_PROBE)

    def glyph(letter: str) -> tuple[Size, bytes]:
        mask = font.getmask(letter)
        return mask.size, bytes(mask)

    box = glyph("\uffff")
    shown = text.translate(_JOINERS)
    return [letter for letter in dict.fromkeys(shown) if glyph(letter) == box]
