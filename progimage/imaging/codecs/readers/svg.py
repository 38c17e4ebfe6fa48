"""SVG drawings, by resvg."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from progimage.imaging import font_files
from progimage.imaging.codecs import svg_document
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size

# Whatever family a document names; other families would depend on the machine.
_FONT = "Noto Sans"


class SvgReader(Reader):
    """A drawing, which has the size at which it is asked for."""

    def __init__(self, data: bytes, *, max_pixels: int, accepts_damage: bool) -> None:
        super().__init__(accepts_damage=accepts_damage)
        self._drawing = svg_document.read(data, max_pixels)
        self.size = self._drawing.size

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Draw the document at `target`, or else at its own size."""
        import resvg_py  # noqa: PLC0415 - an extra

        png = resvg_py.svg_to_bytes(
            svg_string=self._drawing.at(target or self.size),
            skip_system_fonts=True,
            font_files=[str(path) for path in (font_files.OWN_FONT, *font_files.system_fonts())],
            font_family=_FONT,
            serif_family=_FONT,
            sans_serif_family=_FONT,
            cursive_family=_FONT,
            fantasy_family=_FONT,
            monospace_family=_FONT,
        )
        yield Frame(Image.open(BytesIO(png), formats=("PNG",)))
