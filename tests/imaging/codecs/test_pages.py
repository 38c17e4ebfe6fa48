"""Which pages a picture has."""

from __future__ import annotations

import pytest

from progimage.errors import InvalidArgument
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import GIF, JPEG, PDF, TIFF
from progimage.imaging.codecs.pages import check_page, has_pages


def test_documents_and_animations_have_pages() -> None:
    assert [has_pages(form) for form in (PDF, TIFF, GIF, JPEG)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("page", "form", "count"), [(1, JPEG, None), (1, JPEG, 1), (7, PDF, None), (3, GIF, 3)]
)
def test_a_page_that_may_be_there_is_accepted(page: int, form: Format, count: int | None) -> None:
    check_page(page, form, count)


@pytest.mark.parametrize(("page", "form", "count"), [(2, JPEG, None), (4, GIF, 3), (2, PDF, 1)])
def test_a_page_that_cannot_be_there_is_an_error(
    page: int, form: Format, count: int | None
) -> None:
    with pytest.raises(InvalidArgument, match="page"):
        check_page(page, form, count)
