"""Resampling gives the same pixels by either library, in every mode, from any box."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from progimage.imaging import resampling
from progimage.imaging.resampling import resized
from tests.imaging.drawing import pixel, quadrants, with_hole

needs_simd = pytest.mark.skipif(
    not resampling.IS_FAST, reason="cykooz_resizer is not installed on this machine"
)


@pytest.fixture
def by_pillow(monkeypatch):
    """Return `resized` as it is where the library is missing."""

    def resize(*args, **options):
        with monkeypatch.context() as patch:
            patch.setattr(resampling, "_simd", None)
            return resized(*args, **options)

    return resize


def soft(size, mode="RGB"):
    """Return a picture without hard edges, where the two libraries round alike."""
    waves = [
        Image.linear_gradient("L").resize(size),
        Image.radial_gradient("L").resize(size),
        Image.linear_gradient("L").rotate(90).resize(size),
        Image.radial_gradient("L").resize(size),
    ]
    bands = {"L": 1, "LA": 2, "RGB": 3}.get(mode, 4)
    return waves[0] if bands == 1 else Image.merge(mode, waves[:bands])


def most_different(one, other):
    """Return the largest difference of a channel where both pictures are not transparent."""
    assert (one.mode, one.size) == (other.mode, other.size)
    if one.mode.endswith("A"):
        one, other = (Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
                      for image in (one.convert("RGBA"), other.convert("RGBA")))  # fmt: skip
    return max(ImageChops.difference(one, other).tobytes())


@needs_simd
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", [(40, 30), (199, 151), (350, 260), (1, 1)])
@pytest.mark.parametrize("box", [None, (10.25, 3.5, 180.75, 141.125)])
@pytest.mark.parametrize("vertical_first", [False, True])
def test_both_libraries_give_the_same_pixels(mode, size, box, vertical_first, by_pillow):
    image = soft((200, 150), mode)
    tolerance = 4 if mode.endswith("A") else 2
    made, expected = (
        resize(image, size, box, vertical_first=vertical_first) for resize in (resized, by_pillow)
    )
    assert most_different(made, expected) <= tolerance


@needs_simd
@pytest.mark.parametrize("vertical_first", [False, True])
def test_both_libraries_draw_hard_edges_alike(vertical_first, by_pillow):
    image = quadrants((201, 133))
    made, expected = (
        resize(image, (64, 41), vertical_first=vertical_first) for resize in (resized, by_pillow)
    )
    assert most_different(made, expected) <= 2


@needs_simd
def test_the_order_of_directions_is_the_one_that_is_asked_for():
    """At hard edges the first direction cuts off what the second would have used."""
    image = Image.effect_noise((201, 133), 200)
    across, down = (
        resized(image, (64, 41), vertical_first=vertical_first) for vertical_first in (False, True)
    )
    turned = resized(image.transpose(Image.Transpose.TRANSPOSE), (41, 64))
    assert most_different(across, down) > 2
    assert most_different(turned.transpose(Image.Transpose.TRANSPOSE), down) <= 2


@needs_simd
@pytest.mark.parametrize("box", [None, (10.25, 3.5, 180.75, 141.125)])
@pytest.mark.parametrize("size", [(90, 71), (300, 201)])
@pytest.mark.parametrize("mode", ["L", "RGBA"])
@pytest.mark.parametrize(("vertical_first", "tolerance"), [(False, 1), (True, 2)])
def test_the_result_does_not_depend_on_how_much_is_held_in_memory(
    monkeypatch, vertical_first, tolerance, mode, size, box
):
    image = Image.effect_noise((200, 150), 80).convert(mode)
    at_once = resized(image, size, box, vertical_first=vertical_first)
    monkeypatch.setattr(resampling, "MOST_BETWEEN", 3_000)
    in_bands = resized(image, size, box, vertical_first=vertical_first)
    assert most_different(in_bands, at_once) <= tolerance


@needs_simd
def test_every_kind_of_processor_gives_the_same_bytes(monkeypatch):
    image, made = Image.effect_noise((180, 140), 80).convert("RGBA"), set()
    simd = pytest.importorskip("cykooz_resizer")
    for extensions in (simd.CpuExtensions.none, simd.Resizer().cpu_extensions):

        def resizer(extensions=extensions, kind=simd.Resizer):
            chosen = kind()
            chosen.cpu_extensions = extensions
            return chosen

        with monkeypatch.context() as patch:
            patch.setattr(simd, "Resizer", resizer)
            made.add(resized(image, (77, 52), (1.5, 2.5, 170.0, 133.0)).tobytes())
    assert len(made) == 1


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_the_colour_of_transparent_pixels_does_not_bleed(mode):
    """The hole is white below its transparency; beside it the picture is blue and green."""
    small = resized(with_hole((96, 64)).convert(mode), (12, 8))
    assert pixel(small, (11, 7))[-1] == 0
    opaque = resized(with_hole((96, 64)).convert("RGB").convert(mode), (12, 8))
    assert pixel(small, (1, 1)) == pixel(opaque, (1, 1))
    edge = pixel(small.convert("RGBA"), (6, 2))
    assert edge[3] == 255
    assert edge[0] <= 110


def test_nothing_but_pixels_is_handed_on():
    image = quadrants()
    image.info["comment"] = "secret"
    assert resized(image, (10, 10)).info == {}


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.sampled_from(["L", "LA", "RGB", "RGBA"]),
)
def test_any_box_within_a_picture_can_be_resampled(source, size, edges, mode):
    left, right = sorted((edges[0] * source[0], edges[1] * source[0]))
    top, bottom = sorted((edges[2] * source[1], edges[3] * source[1]))
    box = (min(left, source[0] - 0.01), min(top, source[1] - 0.01), *source)
    if right - left > 0.01 and bottom - top > 0.01:
        box = (left, top, right, bottom)
    assert resized(Image.new(mode, source, 0), size, box).size == size
