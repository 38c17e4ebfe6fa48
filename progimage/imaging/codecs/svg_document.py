"""Reads an SVG document and writes it again with only what a drawing needs.

The renderer opens any file that a document names, and no option forbids that. So its input is
written here, from lists of what is allowed:
  - elements of SVG that draw; no scripts, no HTML, no `feImage`, no animation;
  - references to elements of the same document, and pictures of pixels inside it.

Source: SVG 2 (https://www.w3.org/TR/SVG2/), chapters 5, 8 and 16.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from xml.parsers import expat

from progimage.errors import CorruptPicture, PictureTooComplex
from progimage.imaging.codecs.svg_pictures import EmbeddedPictures
from progimage.imaging.codecs.svg_size import Size, own_size

MAX_BYTES = 4 << 20
"""The longest document that is read."""

_MAX_WRITTEN = 12 << 20
_MAX_ELEMENTS = 100_000

# The renderer calls itself for each level, and crashes at some hundreds.
_MAX_DEPTH = 100

_MAX_ENTITIES = 64
_MAX_ENTITY = 200

_SVG = "http://www.w3.org/2000/svg"
_ROOT = f"{_SVG} svg"
_XLINK_HREF = "http://www.w3.org/1999/xlink href"
_XML_SPACE = "http://www.w3.org/XML/1998/namespace space"

_ELEMENTS = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "switch", "a", "image", "style"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("text", "tspan", "textPath", "linearGradient", "radialGradient", "stop", "pattern"),
        *("clipPath", "mask", "marker", "filter", "feBlend", "feColorMatrix"),
        *("feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting"),
        *("feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB"),
        *("feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode", "feMorphology"),
        *("feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile"),
        "feTurbulence",
    )
)

# Written again on the root element.
_PLACE = ("x", "y", "width", "height", "overflow")

# Source: XML 1.0, 2.4 and 3.3.3. `xml.sax.saxutils` would import all of HTTP.
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_VALUE = _TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})

_URL = re.compile(r"url\s*\([^)]*\)?", re.IGNORECASE)
# No two parts of it take the same characters in turn, so that it never takes quadratic time.
_LOCAL_URL = re.compile(r"url\(\s*([\"']?)#[^\"'()\s]*\1\s*\)", re.IGNORECASE)
_IMPORT = re.compile(r"@import[^;]*;?", re.IGNORECASE)


# The last two are encodings that Python does not know, or cannot hand to the parser.
_UNREADABLE = (expat.ExpatError, LookupError, ValueError)


class _RootFound(Exception):
    """Ends the parsing where the root element begins."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A document that can be drawn at any size.

    Attributes:
        size: its own width and height in pixels.
        markup: its root element with only what is allowed in it.
    """

    size: Size
    markup: str

    def at(self, size: Size) -> str:
        """Return the document that the renderer draws at exactly `size`."""
        return (
            f'<svg xmlns="{_SVG}" width="{size[0]}" height="{size[1]}" '
            f'viewBox="0 0 {self.size[0]} {self.size[1]}" preserveAspectRatio="none">'
            f"{self.markup}</svg>"
        )


def is_svg(head: bytes) -> bool:
    """Tell if a file that begins like this is XML whose root element is SVG's `svg`."""
    is_utf_16 = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not is_utf_16 and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return False
    names: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        names.append(name)
        raise _RootFound

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    with suppress(_RootFound, *_UNREADABLE):
        parser.Parse(head, False)
    return names == [_ROOT]


def read(data: bytes, max_pixels: int) -> Drawing:
    """Return the drawing in an SVG document.

    Args:
        max_pixels: the most that the pictures inside it may have together.

    Raises:
        CorruptPicture: it is not XML, or has entities that are not plain text.
        PictureTooComplex: it is too long, too deep, or has too many elements or pixels.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooComplex(
            f"the svg has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed"
        )
    writer = _Writer(max_pixels)
    parser = _parser()
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    try:
        parser.Parse(data, True)
    except _UNREADABLE:
        raise CorruptPicture(
            f"the svg is not well-formed XML near line {parser.CurrentLineNumber}; send a whole one"
        ) from None
    return writer.drawing()


def _parser() -> expat.XMLParserType:
    """Return a parser that fetches nothing and takes only entities of plain text.

    Drawing programs declare such entities for the names of namespaces.
    """
    count = 0

    def declare(
        _name: str, is_parameter: bool, value: str | None, _base: object, *_ids: object
    ) -> None:
        nonlocal count
        count += 1
        if (
            is_parameter
            or value is None
            or len(value) > _MAX_ENTITY
            or count > _MAX_ENTITIES
            # Entities in entities are what bombs are made of.
            or any(mark in value for mark in "&<%")
        ):
            raise CorruptPicture(
                "the svg declares entities that are not short plain texts; save it without them"
            )

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.EntityDeclHandler = declare
    return parser


class _Writer:
    """Writes the allowed elements of a document as the parser finds them."""

    def __init__(self, max_pixels: int) -> None:
        self._pictures = EmbeddedPictures(max_pixels)
        self._parts: list[str] = []
        self._written = 0
        self._elements = 0
        self._depth = 0
        # The depth of the outermost element that is left out; 0 for none.
        self._left_out_at = 0
        self._style: list[str] | None = None
        self._size: Size = (1, 1)

    def drawing(self) -> Drawing:
        """Return what was written."""
        return Drawing(self._size, "".join(self._parts))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Write the beginning of an element."""
        self._depth += 1
        self._elements += 1
        if self._depth > _MAX_DEPTH:
            raise PictureTooComplex(f"the svg is nested more than {_MAX_DEPTH} elements deep")
        if self._elements > _MAX_ELEMENTS:
            raise PictureTooComplex(f"the svg has more than {_MAX_ELEMENTS:,} elements")
        space, _, tag = name.rpartition(" ")
        # A style sheet has no elements; one inside would end it for this writer only.
        is_in_style = self._style is not None
        if self._left_out_at or is_in_style or space != _SVG or tag not in _ELEMENTS:
            self._left_out_at = self._left_out_at or self._depth
            return
        if tag == "style":
            self._style = []
        if self._depth == 1:
            attributes = self._root_attributes(attributes)
        if "href" in attributes:
            # SVG 2, section 16.1.5: `href` counts where both are there.
            attributes = {key: attributes[key] for key in attributes if key != _XLINK_HREF}
        written = [f"<{tag}"]
        for key, value in attributes.items():
            if (allowed := self._allowed(tag, key, value)) is not None:
                written.append(f' {allowed[0]}="{allowed[1].translate(_VALUE)}"')
        self._write("".join(written) + ">")

    def end(self, name: str) -> None:
        """Write the end of an element."""
        self._depth -= 1
        if self._left_out_at:
            if self._depth < self._left_out_at:
                self._left_out_at = 0
            return
        tag = name.rpartition(" ")[2]
        if tag == "style" and self._style is not None:
            self._write(_safe_css("".join(self._style)).translate(_TEXT))
            self._style = None
        self._write(f"</{tag}>")

    def text(self, text: str) -> None:
        """Write text, or remember it if it is of a style sheet."""
        if self._left_out_at:
            return
        if self._style is not None:
            self._style.append(text)
        else:
            self._write(text.translate(_TEXT))

    def _root_attributes(self, given: dict[str, str]) -> dict[str, str]:
        """Return the root's attributes with the size that the drawing gets."""
        own, self._size = own_size(given)
        attributes = {key: value for key, value in given.items() if key not in _PLACE}
        attributes.setdefault("viewBox", f"0 0 {own[0]:g} {own[1]:g}")
        width, height = (str(side) for side in self._size)
        # The edge of the canvas cuts off what is outside.
        return attributes | {"width": width, "height": height, "overflow": "visible"}

    def _allowed(self, tag: str, key: str, value: str) -> tuple[str, str] | None:
        """Return name and value of an attribute as they are written; None to leave it out."""
        if key in ("href", _XLINK_HREF):
            if tag == "image":
                picture = self._pictures.checked(value)
                return None if picture is None else ("href", picture)
            return ("href", value.strip()) if value.strip().startswith("#") else None
        if key == _XML_SPACE:
            return "xml:space", value
        if " " in key or key.lower().startswith("on"):
            return None
        return key, _safe_css(value)

    def _write(self, part: str) -> None:
        self._written += len(part)
        if self._written > _MAX_WRITTEN:
            raise PictureTooComplex("the svg is too long once its entities are written out")
        self._parts.append(part)


def _safe_css(text: str) -> str:
    """Return CSS that refers to nothing outside of the document."""
    lowered = text.lower()
    if "url" not in lowered and "@import" not in lowered and "\\" not in text:
        return text
    if "\\" in text:
        # An escape can hide any word.
        return ""
    return _URL.sub(
        lambda found: found[0] if _LOCAL_URL.fullmatch(found[0]) else "none", _IMPORT.sub("", text)
    )
