import pytest
from PIL import Image

from tests.imaging.drawing import (
    GREEN,
    RED,
    WHITE,
    corners,
    grey_steps,
    is_near,
    pixel,
    quadrants,
)
from tests.imaging.drawing import with_hole as hole
from tests.imaging.transforming import apply, apply_all

COLOUR_STEPS = [
    "grayscale", "sepia", "invert", "brightness:1.5", "contrast:2", "saturation:3", "hue:90",
    "gamma:2", "equalize", "autocontrast", "posterize:2", "solarize", "threshold", "tint:teal",
    "duotone",
]  # fmt: skip


def one(step, colour, mode="RGB"):
    return pixel(apply(step, Image.new(mode, (4, 4), colour)), (1, 1))


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("sepia", (100, 100, 100), (135, 120, 94)),
        ("sepia:0.5", (100, 100, 100), (118, 110, 97)),
        ("sepia", WHITE, (255, 255, 239)),
        ("invert", (10, 20, 255), (245, 235, 0)),
        ("brightness:1.5", (10, 100, 200), (15, 150, 255)),
        ("brightness:0", (10, 100, 200), (0, 0, 0)),
        ("contrast:2", (100, 128, 200), (73, 129, 255)),
        ("contrast:0", (10, 128, 200), (128, 128, 128)),
        ("saturation:0", (255, 0, 0), (54, 54, 54)),
        ("saturation:2", (100, 100, 100), (100, 100, 100)),
        ("saturation:2", (120, 100, 100), (136, 96, 96)),
        ("hue:180", (100, 100, 100), (100, 100, 100)),
        ("hue:120", (255, 0, 0), (0, 113, 0)),
        ("gamma:2", (64, 0, 255), (128, 0, 255)),
        ("gamma:0.5", (128, 0, 255), (64, 0, 255)),
        ("posterize:1", (127, 128, 255), (0, 255, 255)),
        ("posterize:2", (63, 64, 200), (0, 85, 255)),
        ("solarize", (127, 128, 255), (127, 127, 0)),
        ("solarize:200", (199, 200, 255), (199, 55, 0)),
        ("tint:800000", (255, 255, 255), (255, 255, 255)),
        ("tint:804020", (127, 127, 127), (128, 64, 32)),
        ("tint:804020,0.5", (127, 127, 127), (127, 95, 79)),
        ("duotone", (0, 0, 0), (0, 0, 128)),
        ("duotone", (255, 255, 255), (255, 215, 0)),
        ("duotone:black,red", (255, 255, 255), (255, 0, 0)),
    ],
)
def test_a_colour_becomes(step, before, after):
    assert is_near(one(step, before), after, 1)


def test_grayscale_keeps_the_luminance_in_one_channel():
    grey = apply("grayscale", quadrants())
    assert grey.mode == "L"
    assert corners(grey)["top left"][0] == 76
    assert apply("grayscale", hole()).mode == "LA"


def test_threshold_leaves_black_and_white():
    image = apply("threshold:171", grey_steps())
    assert [p[0] for p in corners(image).values()] == [0, 0, 0, 255]
    assert apply("threshold:170", grey_steps()).getcolors() == [(768, 0), (768, 255)]


@pytest.mark.parametrize("step", COLOUR_STEPS)
def test_alpha_is_not_touched(step):
    image = quadrants().convert("RGBA")
    image.putalpha(grey_steps())
    changed = apply(step, image)
    assert changed.getchannel("A").tobytes() == grey_steps().tobytes()
    assert changed.convert("RGB").tobytes() != image.convert("RGB").tobytes()


@pytest.mark.parametrize("step", COLOUR_STEPS)
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_picture_can_have_its_colours_changed(step, mode):
    image = grey_steps().convert(mode)
    changed = apply(step, image)
    assert changed.size == image.size
    assert changed.mode.endswith("A") == (mode == "LA")


def test_equalize_spreads_the_tones_evenly():
    image = Image.new("L", (4, 1))
    image.putdata([100, 101, 102, 103])
    assert list(apply("equalize", image).get_flattened_data()) == [0, 85, 170, 255]


def test_equalize_does_not_shift_colours_against_each_other():
    """One curve for all channels: what was neutral stays neutral."""
    image = Image.new("RGB", (3, 1))
    image.putdata([(60, 60, 60), (80, 80, 80), (80, 60, 80)])
    after = list(apply("equalize", image).get_flattened_data())
    assert after[0] == (0, 0, 0)
    assert len(set(after[1])) == 1
    assert after[2] == (after[1][0], 0, after[1][0])


def test_autocontrast_stretches_the_tones_to_black_and_white():
    image = Image.new("L", (3, 1))
    image.putdata([50, 100, 150])
    assert list(apply("autocontrast", image).get_flattened_data()) == [0, 128, 255]


def test_autocontrast_can_ignore_a_few_outliers():
    image = Image.new("L", (100, 1), 100)
    image.paste(120, (50, 0, 100, 1))
    image.putpixel((0, 0), 0)
    image.putpixel((99, 0), 255)
    assert apply("autocontrast", image).tobytes() == image.tobytes()
    assert {v for _, v in apply("autocontrast:2", image).getcolors()} == {0, 255}


@pytest.mark.parametrize("step", ["autocontrast", "equalize"])
def test_a_flat_picture_has_no_contrast_to_stretch(step):
    image = Image.new("RGB", (4, 4), GREEN)
    assert apply(step, image).tobytes() == image.tobytes()


@pytest.mark.parametrize("step", ["autocontrast", "equalize"])
def test_hidden_pixels_do_not_count(step):
    visible = Image.new("LA", (4, 1), (0, 0))
    for x, value in enumerate([100, 120]):
        visible.putpixel((x, 0), (value, 255))
    changed = apply(step, visible)
    assert (changed.getpixel((0, 0)), changed.getpixel((1, 0))) == ((0, 255), (255, 255))


@pytest.mark.parametrize("step", ["autocontrast", "equalize"])
def test_an_animation_does_not_flicker(step):
    """The first frame decides for all, so one colour stays one colour."""
    first = Image.new("L", (2, 1))
    first.putdata([100, 150])
    second = Image.new("L", (2, 1))
    second.putdata([150, 151])
    frames = apply_all(step, [first, second]).frames
    assert pixel(frames[0], (1, 0)) == pixel(frames[1], (0, 0)) == (255,)


def test_saturation_and_hue_leave_grey_pictures_as_they_are():
    image = grey_steps()
    assert apply("saturation:5/hue:77", image).tobytes() == image.tobytes()


def test_red_is_only_red_after_a_whole_turn_of_hue():
    assert is_near(one("hue:120/hue:240", (120, 90, 90)), (120, 90, 90), 2)
    assert one("hue:180", RED) != RED
