"""Texts as pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
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
from progimage.imaging.emoji import lettering_with_emoji, without_emoji
from progimage.imaging.operation import Size

_Font = Callable[[int], FreeTypeFont]

# Any size shows which letters there are.
_PROBE = 20


def undrawable(text: str) -> list[str]:
    """Return the letters of a text that no font has; none if the text can be drawn."""
    return min(_undrawable(text), _undrawable(without_emoji(text)), key=len)


def _undrawable(text: str) -> list[str]:
    fewest = list(text)
    for font in (*_FONTS, *_system_fonts()):
        missing = _missing(font, text)
        if not missing:
            return []
        fewest = min(fewest, missing, key=len)
    return fewest


def lettering(text: str, size: int, colour: Colour, room: Size) -> Image:
    """Draw a text on transparency, its letters `size` pixels high or as large as fits."""
    fonts = (*_FONTS, *_system_fonts())
    face = next((font for font in fonts if not _missing(font, text)), None)
    if face is None:
        plain = without_emoji(text)
        face = next((font for font in fonts if not _missing(font, plain)), _FONTS[-1])
        if plain != text:
            return lettering_with_emoji(text, size, colour, room, face)
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


def _aileron(size: int) -> FreeTypeFont:
    """Return the font that comes with Pillow: plain Latin letters only."""
    return cast(FreeTypeFont, ImageFont.load_default(size))


def _noto(size: int) -> FreeTypeFont:
    return ImageFont.truetype(BytesIO(_noto_bytes()), size, layout_engine=Layout.BASIC)


@cache
def _noto_bytes() -> bytes:
    return font_files.OWN_FONT.read_bytes()


def _from_system(path: Path) -> _Font:
    def face(size: int) -> FreeTypeFont:
        return ImageFont.truetype(path, size, layout_engine=Layout.RAQM)

    return face


def _system_fonts() -> tuple[_Font, ...]:
    """Return the fonts of other scripts that the machine has, in a fixed order.

    Without Raqm, which joins and orders the letters of a line, there are none.
    """
    if not features.check("raqm"):
        return ()
    return tuple(_from_system(path) for path in font_files.system_fonts())


# The first that has all letters of a text draws it: what it drew before there were more
# fonts must stay as it is, since it is cached under the same name.
_FONTS: tuple[_Font, ...] = (_aileron, _noto)


def _missing(face: _Font, text: str) -> list[str]:
    """Return the letters for which a font draws its box for missing ones."""
    font = face(_PROBE)

    def glyph(letter: str) -> tuple[Size, bytes]:
        mask = font.getmask(letter)
        return mask.size, bytes(mask)

    box = glyph("\uffff")
    return [letter for letter in dict.fromkeys(text) if glyph(letter) == box]
