"""Which pages a picture has."""

from __future__ import annotations

from progimage.errors import InvalidArgument
from progimage.imaging.codecs.formats import PDF, TIFF, Format


def check_page(page: int, form: Format, count: int | None = None) -> None:
    """Check that a picture of this format has a page of this number, from 1.

    Args:
        count: how many pages it has; None if that is not known yet.

    Raises:
        InvalidArgument: it has no such page.
    """
    if page > 1 and form not in (PDF, TIFF):
        raise InvalidArgument(f"page: a pdf or tiff has pages, and this is a {form.name}")
    if count is not None and page > count:
        raise InvalidArgument(f"page: expected a whole number from 1 to {count}, got {page}")
