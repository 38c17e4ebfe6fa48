"""Colours as people write them in a URL."""

from __future__ import annotations

import re
from typing import NamedTuple

from PIL import ImageColor

from progimage.imaging.did_you_mean import did_you_mean

_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")


class Colour(NamedTuple):
    """Red, green, blue and straight alpha, 0 to 255 each, in sRGB."""

    red: int
    green: int
    blue: int
    alpha: int = 255

    @classmethod
    def parse(cls, text: str) -> Colour:
        """Read a CSS name, `transparent`, or 3, 4, 6 or 8 hex digits with or without `#`.

        Raises:
            ValueError: it is none of these; with the nearest name, if one is near.
        """
        word = text.lower()
        if word == "transparent":
            return TRANSPARENT
        if _HEX.fullmatch(word):
            found = cls(*ImageColor.getrgb("#" + word.removeprefix("#")))
            # What cannot be seen at all is one colour, so that it has one spelling.
            return found if found.alpha else TRANSPARENT
        if word in ImageColor.colormap:
            return cls(*ImageColor.getrgb(word))
        raise ValueError(did_you_mean(word, [*ImageColor.colormap, "transparent"]))

    def __str__(self) -> str:
        """Return 6 hex digits, 8 where something shows through, or `transparent`."""
        if not self.alpha:
            return "transparent"
        channels = self[:3] if self.is_opaque else self
        return "".join(f"{channel:02x}" for channel in channels)

    @property
    def is_opaque(self) -> bool:
        """True if nothing shows through."""
        return self.alpha == 255

    @property
    def is_grey(self) -> bool:
        """True if red, green and blue are equal."""
        return self.red == self.green == self.blue


TRANSPARENT = Colour(0, 0, 0, 0)
