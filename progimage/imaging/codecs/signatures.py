"""Which format a file's first bytes announce."""

from __future__ import annotations

from collections.abc import Callable

from progimage.imaging.codecs import pillow_plugins
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, HEIC, ICO, JXL, KNOWN, PDF, PNM, READABLE, SVG
from progimage.imaging.codecs.svg_document import is_svg

HEAD_BYTES = 16_384
"""Enough for the comments and declarations that drawing programs write before an SVG's root."""


def is_pdf(head: bytes) -> bool:
    """Tell if a file begins as a PDF. Source: ISO 32000-1, section 7.5.2."""
    return head.startswith(b"%PDF-")


def is_jxl(head: bytes) -> bool:
    """Tell if a file begins as JPEG XL, bare or in a container. Source: ISO/IEC 18181-2, 4."""
    return head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"))


def is_ico(head: bytes) -> bool:
    """Tell if a file begins as an icon or a pointer. Source: Microsoft, "Icons" (ICONDIR)."""
    return head.startswith((b"\0\0\1\0", b"\0\0\2\0"))


def is_pnm(head: bytes) -> bool:
    """Tell if a file begins as a portable map. Source: Netpbm, pnm(5), pam(5), pfm(5)."""
    return head[:1] == b"P" and head[1:2] in b"1234567fF" and head[2:3] in b" \t\r\n#"


# Of the formats that Pillow does not know, or only in part.
_TESTS: dict[str, Callable[[bytes], bool]] = {
    SVG.name: is_svg,
    PDF.name: is_pdf,
    JXL.name: is_jxl,
    ICO.name: is_ico,
    PNM.name: is_pnm,
}

_AVIF_BRANDS = (b"avif", b"avis")


def announces(form: Format, head: bytes) -> bool:
    """Tell if a file that begins like this says that it is of this format."""
    test = _TESTS.get(form.name)
    return test(head) if test else pillow_plugins.accepts(form, head)


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
