"""PDF from its bytes to pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import CorruptPicture, InvalidArgument, PictureTooComplex, RenderTimeout
from progimage.imaging.codecs.formats import PNG
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import render
from tests.imaging.documents import document, filled, pdf, stream
from tests.imaging.drawing import put, quadrants, saved

LIMITS = Limits()
RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)
TWO_PAGES = document(filled(1, 0, 0, "0 0 50 50"), filled(0, 1, 0))
"""Red on the left half; then all green. 100 x 50 points."""

ENCRYPTED = (
    b"/Root 1 0 R /ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> >>"
    % (
        b"11" * 32,
        b"22" * 32,
    )
)


@pytest.fixture(scope="module")
def pool() -> Iterator[RenderPool]:
    pool = RenderPool(workers=1, timeout_s=1, memory_bytes=2**30, tasks=50, wall_timeout_s=60)
    yield pool
    pool.close()


def drawn(folder: Path, data: bytes, pipeline: str = "rotate:0") -> Image.Image:
    """Return what a pipeline makes of a document."""
    target = folder / "target.png"
    render(put(folder, data), parse(pipeline), str(target), PNG, LIMITS)
    with Image.open(target) as image:
        return image.convert("RGB")


def test_a_document_has_the_facts_of_its_first_page(tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, TWO_PAGES), LIMITS, 2048, str(tmp_path / "copy"))
    assert (facts.format, facts.media_type) == ("pdf", "application/pdf")
    assert (facts.width, facts.height) == (200, 100)
    assert (facts.pages, facts.frames, facts.has_alpha) == (2, 1, False)
    assert facts.copies == {}


def test_the_first_page_is_drawn_on_white_paper(tmp_path: Path) -> None:
    image = drawn(tmp_path, TWO_PAGES)
    assert image.size == (200, 100)
    assert [image.getpixel((x, 50)) for x in (0, 99, 100, 199)] == [RED, RED, WHITE, WHITE]


@pytest.mark.parametrize("pipeline", ["page:2", "page:2/thumbnail", "resize:60/page:2"])
def test_another_page_is_drawn(pipeline: str, tmp_path: Path) -> None:
    image = drawn(tmp_path, TWO_PAGES, pipeline)
    assert image.getcolors() == [(image.width * image.height, GREEN)]


def test_the_first_page_is_the_same_as_no_page() -> None:
    assert parse("page:1/thumbnail.webp") == parse("thumbnail.webp")
    assert parse("page:2/thumbnail.webp") != parse("thumbnail.webp")


def test_a_page_is_drawn_at_the_size_that_is_asked_for(tmp_path: Path) -> None:
    """So the edge in the middle is sharp, and the page fills its canvas."""
    image = drawn(tmp_path, TWO_PAGES, "resize:1000")
    assert image.size == (1000, 500)
    assert [image.getpixel((x, 499)) for x in (0, 499, 500, 999)] == [RED, RED, WHITE, WHITE]


def test_there_is_no_page_behind_the_last(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"page: .* from 1 to 2"):
        drawn(tmp_path, TWO_PAGES, "page:3")


def test_a_picture_has_no_pages(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidArgument,
        match="page: a pdf or tiff has pages, an animation has frames, and this is a jpeg",
    ):
        drawn(tmp_path, saved(quadrants(), "JPEG"), "page:2")


def test_fields_of_forms_are_drawn(tmp_path: Path) -> None:
    appearance = stream(filled(0, 1, 0), b"/Type /XObject /Subtype /Form /BBox [0 0 100 50]")
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /F 4 /Rect [0 0 100 50] "
        b"/P 3 0 R /AP << /N 6 0 R >> >>"
    )
    data = document(
        filled(1, 0, 0),
        catalog=b"/AcroForm << /Fields [5 0 R] >>",
        page=b"/Annots [5 0 R]",
        more=(field, appearance),
    )
    assert drawn(tmp_path, data).getpixel((100, 50)) == GREEN


@pytest.mark.parametrize(
    ("size", "drawn_size"),
    [
        (b"0 0 595 842", (1190, 1684)),
        (b"100 50 0 0", (200, 100)),
        (b"0 0 14400 14400", (4096, 4096)),
        (b"0 0 100000 1", (4096, 1)),
        (b"0 0 0.001 0.001", (1, 1)),
    ],
)
def test_a_page_has_two_pixels_a_point_within_bounds(
    size: bytes, drawn_size: tuple[int, int], tmp_path: Path
) -> None:
    facts = inspect(put(tmp_path, document(b"", size=size)), LIMITS)
    assert (facts.width, facts.height) == drawn_size


@pytest.mark.parametrize("size", [b"0 0 1e9 1e9", b"0 0 0 0", b"0 0 nan inf", b"0 0", b""])
def test_a_senseless_size_is_that_of_some_paper(size: bytes, tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, document(b"", size=size)), LIMITS)
    assert max(facts.width, facts.height) <= 4096


class TestTricks:
    def test_one_that_needs_a_password_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CorruptPicture, match="password"):
            inspect(put(tmp_path, document(b"", trailer=ENCRYPTED)), LIMITS)

    def test_scripts_do_not_run(self, tmp_path: Path) -> None:
        endless = b"/OpenAction << /S /JavaScript /JS (while(true){}) >>"
        image = drawn(tmp_path, document(filled(1, 0, 0), catalog=endless))
        assert image.getpixel((100, 50)) == RED

    def test_streams_in_other_files_are_not_read(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(filled(1, 0, 0))
        outside = b"<< /Length 0 /F (%s) >>\nstream\n\nendstream" % str(secret).encode()
        data = pdf(
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 50] /Contents 4 0 R >>",
            outside,
        )
        assert drawn(tmp_path, data).getcolors() == [(200 * 100, WHITE)]

    def test_too_many_pages(self, tmp_path: Path) -> None:
        with pytest.raises(PictureTooComplex, match="10001 pages"):
            inspect(put(tmp_path, document(*[b""] * 10_001)), LIMITS)

    @pytest.mark.parametrize("count", [b"9", b"2000000000", b"-1"])
    def test_a_count_of_pages_that_lies_does_not_matter(self, count: bytes, tmp_path: Path) -> None:
        data = document(filled(1, 0, 0)).replace(b"/Count 1", b"/Count " + count)
        assert drawn(tmp_path, data).getpixel((100, 50)) == RED

    @pytest.mark.parametrize(
        "data",
        [
            b"%PDF-1.7\nhello",
            TWO_PAGES[: len(TWO_PAGES) // 3],
            document(),
            pdf(b"<< >>"),
            pdf(
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>",
            ),
        ],
        ids=["text", "cut", "no pages", "no root", "loop"],
    )
    def test_a_document_without_pages_is_damaged(self, data: bytes, tmp_path: Path) -> None:
        with pytest.raises(CorruptPicture, match="the pdf"):
            inspect(put(tmp_path, data), LIMITS)

    def test_a_picture_that_is_larger_than_its_bytes_is_left_out(self, tmp_path: Path) -> None:
        bomb = (
            b"/Type /XObject /Subtype /Image /Width 2000000 /Height 2000000 "
            b"/BitsPerComponent 8 /ColorSpace /DeviceRGB"
        )
        data = document(
            b"100 0 0 50 0 0 cm /I Do",
            resources=b"/XObject << /I 5 0 R >>",
            more=(stream(bytes(2000), bomb),),
        )
        assert drawn(tmp_path, data).getcolors() == [(200 * 100, WHITE)]

    def test_a_pattern_of_countless_tiles_takes_too_long(
        self, pool: RenderPool, tmp_path: Path
    ) -> None:
        tile = (
            b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] "
            b"/XStep 0.0001 /YStep 0.0001 /Resources << >>"
        )
        data = document(
            b"/Pattern cs /P scn 0 0 100 50 re f",
            resources=b"/Pattern << /P 5 0 R >>",
            more=(stream(filled(1, 0, 0, "0 0 1 1"), tile),),
        )
        with pytest.raises(RenderTimeout):
            pool.run(inspect, put(tmp_path, data), LIMITS)
