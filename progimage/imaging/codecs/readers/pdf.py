"""Pages of PDF documents, by PDFium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from progimage.errors import CorruptPicture, PictureTooComplex
from progimage.imaging.codecs.formats import PDF
from progimage.imaging.codecs.pages import check_page
from progimage.imaging.codecs.readers.reader import Frame, Reader, Size

if TYPE_CHECKING:
    import pypdfium2

# A page has 72 units an inch; at this scale its text can be read.
_PX_PER_UNIT = 2.0
_MAX_SIDE = 4096
_MAX_PAGES = 10_000
# Source: fpdfview.h, FPDF_ERR_PASSWORD.
_NEEDS_PASSWORD = 4


class PdfReader(Reader):
    """A page on white paper, which has the size at which it is asked for.

    Scripts do not run: this build of PDFium has no engine for them.
    """

    def __init__(self, data: bytes, page: int, *, accepts_damage: bool) -> None:
        import pypdfium2  # noqa: PLC0415 - an extra

        super().__init__(accepts_damage=accepts_damage)
        try:
            self._document = pypdfium2.PdfDocument(data)
            # Without it the fields of forms are not drawn.
            self._document.init_forms()
            self.page_count = len(self._document)
            self._page = self._open(page)
            size = self._page.get_size()
        except pypdfium2.PdfiumError as error:
            # PDFium also asks for a password where a document has no root.
            if error.err_code == _NEEDS_PASSWORD and b"/Encrypt" in data:
                raise CorruptPicture(
                    "the pdf can only be opened with a password; send it without one"
                ) from None
            raise CorruptPicture("the pdf cannot be read; send a whole one") from None
        scale = min(_PX_PER_UNIT, _MAX_SIDE / max(1, *size))
        self.size = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))

    def frames(self, count: int, target: Size | None = None) -> Iterator[Frame]:
        """Draw the page at `target`, or else at its own size."""
        from pypdfium2 import PdfBitmap, raw  # noqa: PLC0415 - an extra

        width, height = target or self.size
        bitmap = PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        place = (0, 0, width, height, 0, raw.FPDF_ANNOT)
        raw.FPDF_RenderPageBitmap(bitmap, self._page, *place)
        if self._document.formenv is not None:
            raw.FPDF_FFLDraw(self._document.formenv, bitmap, self._page, *place)
        image: Image.Image = bitmap.to_pil()
        yield Frame(image)

    def _open(self, page: int) -> pypdfium2.PdfPage:
        if self.page_count > _MAX_PAGES:
            raise PictureTooComplex(
                f"the pdf has {self.page_count} pages; at most {_MAX_PAGES} are allowed"
            )
        if self.page_count == 0:
            raise CorruptPicture("the pdf has no pages")
        check_page(page, PDF, self.page_count)
        return self._document[page - 1]
