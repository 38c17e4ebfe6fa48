"""Which format a file's first bytes announce."""

from __future__ import annotations

from progimage.imaging.codecs import pillow_plugins
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, HEIC, KNOWN, READABLE, SVG
from progimage.imaging.codecs.svg_document import is_svg

HEAD_BYTES = 16_384
"""Enough for the comments and declarations that drawing programs write before an SVG's root."""


_AVIF_BRANDS = (b"avif", b"avis")


def announces(form: Format, head: bytes) -> bool:
    """Tell if a file that begins like this says that it is of this format."""
    if form is SVG:
        return is_svg(head)
    if form.signature:
        return form.signature.match(head) is not None
    return pillow_plugins.accepts(form, head)


def by_signature(head: bytes) -> Format | None:
    """Return the format of a file that begins like this, installed or not; None for others."""
    found = [form for form in KNOWN if announces(form, head)]
    if AVIF in found and HEIC in READABLE and not _names_avif(head):
        return HEIC
    return found[0] if found else None


def _names_avif(head: bytes) -> bool:
    """Tell if the file type box names AVIF among its brands. Source: AVIF 1.1, section 8."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    return any(brand in _AVIF_BRANDS for brand in brands)
