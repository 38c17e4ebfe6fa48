"""Which pages a picture has; for an animation these are its frames."""

from __future__ import annotations

from progimage.errors import InvalidArgument
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import PDF, TIFF

DOCUMENTS = (PDF, TIFF)
"""Formats whose pages can have a size each."""


def has_pages(form: Format) -> bool:
    """Tell if pictures of this format can have several pages, or frames."""
    return form in DOCUMENTS or form.is_animated


def check_page(page: int, form: Format, count: int | None = None) -> None:
    """Check that a picture of this format has a page of this number, from 1.

    Args:
        count: how many pages it has; None if that is not known yet.

    Raises:
        InvalidArgument: it has no such page.
    """
    if page > 1 and not has_pages(form):
        raise InvalidArgument(
            f"page: a pdf or tiff has pages, an animation has frames, and this is a {form.name}"
        )
    if count is not None and page > count:
        raise InvalidArgument(f"page: expected a whole number from 1 to {count}, got {page}")
