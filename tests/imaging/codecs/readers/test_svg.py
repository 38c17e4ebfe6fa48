"""SVG from its bytes to pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import CorruptPicture, RenderFailed, RenderTimeout
from progimage.imaging.codecs.formats import JPEG, PNG
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.making_copies import make_copies
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import render
from tests.imaging.codecs.test_svg_document import picture_url
from tests.imaging.drawing import put

LIMITS = Limits()
SVG = 'xmlns="http://www.w3.org/2000/svg"'
RED, BLUE, NOTHING = (255, 0, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)


@pytest.fixture(scope="module")
def pool() -> Iterator[RenderPool]:
    pool = RenderPool(workers=1, timeout_s=1, memory_bytes=2**30, tasks=50, wall_timeout_s=60)
    yield pool
    pool.close()


def svg(content: str, attributes: str = 'width="40" height="30"') -> bytes:
    """Return a drawing."""
    return f"<svg {SVG} {attributes}>{content}</svg>".encode()


HALVES = svg('<path fill="red" d="M0 0h20v30H0z"/><path fill="blue" d="M20 0h10v30H20z"/>')
"""Red on the left, then half as much blue, then as much nothing; 40 x 30 pixels."""


def drawn(folder: Path, data: bytes, pipeline: str = "rotate:0") -> Image.Image:
    """Return what a pipeline makes of a drawing."""
    target = folder / "target.png"
    render(put(folder, data, "drawing.svg"), parse(pipeline), str(target), PNG, LIMITS)
    with Image.open(target) as image:
        return image.convert("RGBA")


def row(image: Image.Image, y: int) -> list[tuple[int, ...]]:
    """Return the colours of a row, each as often as it changes."""
    colours = [image.getpixel((x, y)) for x in range(image.width)]
    return [c for n, c in enumerate(colours) if n == 0 or c != colours[n - 1]]


def test_a_drawing_has_facts(tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, HALVES), LIMITS, 2048, str(tmp_path / "copy"))
    assert (facts.format, facts.media_type) == ("svg", "image/svg+xml")
    assert (facts.width, facts.height, facts.frames) == (40, 30, 1)
    assert facts.has_alpha
    assert facts.dominant_colour == "#ff0000"
    assert facts.copies == {}


def test_at_its_own_size_the_pixels_are_exact(tmp_path: Path) -> None:
    image = drawn(tmp_path, HALVES)
    assert image.size == (40, 30)
    for y in (0, 29):
        assert row(image, y) == [RED, BLUE, NOTHING]
    assert image.getpixel((19, 5)) == RED
    assert image.getpixel((20, 5)) == BLUE


@pytest.mark.parametrize(
    ("pipeline", "size"),
    [
        ("thumbnail", (200, 150)),
        ("thumbnail:20x20", (20, 15)),
        ("resize:2000", (2000, 1500)),
        ("resize:800x600,fit=cover", (800, 600)),
        ("resize:1000x1000,fit=contain", (1000, 1000)),
        ("resize:500x100,fit=fill", (500, 100)),
    ],
)
def test_it_is_drawn_at_the_size_that_is_asked_for(
    pipeline: str, size: tuple[int, int], tmp_path: Path
) -> None:
    """So its edges are sharp: between two colours there is no third."""
    image = drawn(tmp_path, HALVES, pipeline)
    assert image.size == size
    assert set(row(image, image.height // 2)) <= {RED, BLUE, NOTHING}


def test_a_part_of_it_is_as_sharp_as_the_whole(tmp_path: Path) -> None:
    image = drawn(tmp_path, HALVES, "resize:1000x1000,fit=cover")
    assert image.size == (1000, 1000)
    colours = {colour for _, colour in image.getcolors() or []}
    between = sum(count for count, colour in image.getcolors() or [] if colour[3] not in (0, 255))
    assert {RED, BLUE, NOTHING} <= colours
    assert between <= 5 * 1000


def test_coordinates_are_those_of_its_own_size(tmp_path: Path) -> None:
    image = drawn(tmp_path, HALVES, "crop:x=19,y=0,width=2,height=30")
    assert image.size == (2, 30)
    assert row(image, 15) == [RED, BLUE]


def test_a_drawing_fills_its_canvas_at_odd_sizes(tmp_path: Path) -> None:
    whole = svg('<rect width="300" height="200" fill="red"/>', 'viewBox="0 0 300 200"')
    image = drawn(tmp_path, whole, "resize:101")
    assert image.size == (101, 67)
    assert image.getcolors() == [(101 * 67, RED)]


def test_a_long_thin_drawing_that_cannot_be_drawn_large_is_cut_as_a_picture(tmp_path: Path) -> None:
    thin = svg('<rect width="4000" height="1" fill="red"/>', 'width="4000" height="1"')
    image = drawn(tmp_path, thin, "resize:400x400,fit=cover")
    assert image.size == (1, 1)


def test_on_jpeg_it_stands_on_white(tmp_path: Path) -> None:
    target = tmp_path / "target.jpg"
    render(put(tmp_path, HALVES), parse("thumbnail"), str(target), JPEG, LIMITS)
    with Image.open(target) as image:
        assert image.getpixel((190, 75)) == (255, 255, 255)


def test_text_is_drawn_with_the_packages_own_font_whatever_it_names(tmp_path: Path) -> None:
    images = [
        drawn(tmp_path, svg(f'<text y="20" font-family="{family}">Ab Ж</text>'))
        for family in ("Arial", "serif", "No Such Font")
    ]
    assert images[0].getbbox()
    assert images[0] == images[1] == images[2]


def test_a_picture_inside_is_drawn(tmp_path: Path) -> None:
    image = drawn(tmp_path, svg(f'<image width="40" height="30" href="{picture_url((4, 3))}"/>'))
    assert image.getcolors() == [(1200, (0, 0, 0, 255))]


@pytest.mark.parametrize(
    "content",
    [
        '<image href="{}" width="40" height="30"/>',
        '<image href="file://{}" width="40" height="30"/>',
        '<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{}" width="40"/>',
        '<filter id="f"><feImage href="{}"/></filter><rect width="40" height="30" '
        'filter="url(#f)"/>',
    ],
)
def test_files_of_the_server_are_not_drawn(content: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (40, 30), "red").save(secret)
    colours = drawn(tmp_path, svg(content.format(secret))).getcolors() or []
    assert RED not in [colour for _, colour in colours]


def test_a_drawing_has_no_working_copies(tmp_path: Path) -> None:
    large = put(tmp_path, svg("<rect/>", 'width="3000" height="3000"'))
    target = tmp_path / "copy"
    with pytest.raises(CorruptPicture):
        make_copies(large, LIMITS, 2048, {(2000, 2000): str(target)})
    assert not target.exists()


class TestBombs:
    """They end their process, and nothing else."""

    @pytest.mark.parametrize(
        "content",
        [
            '<filter id="f"><feTurbulence baseFrequency="0.05" numOctaves="100000000"/></filter>'
            '<rect width="40" height="30" filter="url(#f)"/>',
            f'<text y="20">{"W" * 1_000_000}</text>',
        ],
        ids=["octaves", "text"],
    )
    def test_too_much_work(self, content: str, pool: RenderPool, tmp_path: Path) -> None:
        with pytest.raises(RenderTimeout):
            pool.run(inspect, put(tmp_path, svg(content)), LIMITS)

    def test_too_much_memory(self, pool: RenderPool, tmp_path: Path) -> None:
        content = (
            '<pattern id="p" width="1e8" height="1e8" patternUnits="userSpaceOnUse">'
            '<rect width="9" height="9"/></pattern><rect width="40" height="30" fill="url(#p)"/>'
        )
        with pytest.raises(RenderFailed):
            pool.run(inspect, put(tmp_path, svg(content)), LIMITS)

    @pytest.mark.parametrize(
        "attributes", ['width="1e9" height="1e9"', 'viewBox="0 0 1e30 1e30"', 'width="1e9"']
    )
    def test_a_huge_size_costs_nothing(
        self, attributes: str, pool: RenderPool, tmp_path: Path
    ) -> None:
        facts = pool.run(inspect, put(tmp_path, svg("<rect/>", attributes)), LIMITS)
        assert max(facts.width, facts.height) <= 4096

    def test_numbers_that_the_renderer_cannot_take_are_damage(
        self, pool: RenderPool, tmp_path: Path
    ) -> None:
        """The renderer panics, which is no `Exception` and cannot leave the process."""
        path = put(
            tmp_path, svg('<rect width="1e30" height="1e30" stroke="red" stroke-width="1e30"/>')
        )
        with pytest.raises(CorruptPicture):
            pool.run(inspect, path, LIMITS)

    def test_an_element_that_uses_itself_is_drawn_without_it(
        self, pool: RenderPool, tmp_path: Path
    ) -> None:
        facts = pool.run(inspect, put(tmp_path, svg('<g id="a"><use href="#a"/></g>')), LIMITS)
        assert facts.width == 40
