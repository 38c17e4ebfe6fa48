import pytest
from PIL import Image, ImageChops

from tests.imaging.drawing import (
    BLUE,
    CORNERS,
    GREEN,
    RED,
    WHITE,
    corners,
    grey_steps,
    is_near,
    pixel,
    quadrants,
    with_hole,
)
from tests.imaging.transforming import apply

OPAQUE = {name: (*colour, 255) for name, colour in CORNERS.items()}


def clockwise(image):
    found = corners(image)
    names = ("top left", "top right", "bottom right", "bottom left")
    return [found[name][:3] for name in names]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("rotate:90", [BLUE, RED, GREEN, WHITE]),
        ("rotate", [BLUE, RED, GREEN, WHITE]),
        ("rotate:180", [WHITE, BLUE, RED, GREEN]),
        ("rotate:-90", [GREEN, WHITE, BLUE, RED]),
        ("flip", [BLUE, WHITE, GREEN, RED]),
        ("mirror", [GREEN, RED, BLUE, WHITE]),
    ],
)
def test_quarter_turns_and_reflections_move_the_red_corner(step, expected):
    assert clockwise(apply(step, quadrants())) == expected


def test_rotate_moves_the_red_corner_clockwise():
    turned = apply("rotate:90", quadrants((48, 32)))
    assert turned.size == (32, 48)
    assert pixel(turned, (31, 0)) == RED


def test_right_angles_lose_nothing():
    image = quadrants((7, 5))
    assert apply("rotate:90/rotate:90/rotate:180", image).tobytes() == image.tobytes()


@pytest.mark.parametrize("degrees", [1, 30, 45, 89.5, 135, 200, 300])
def test_any_angle_grows_the_canvas_to_hold_every_corner(degrees):
    image = quadrants((40, 20))
    turned = apply(f"rotate:{degrees}", image)
    covered = sum(turned.getchannel("A").histogram()[v] * v for v in range(256)) / 255
    assert covered == pytest.approx(800, rel=0.02)


def test_a_small_angle_turns_clockwise_about_the_centre():
    turned = apply("rotate:30", quadrants((40, 40)))
    assert turned.size == (55, 55)
    # Twelve o'clock, between red and green, moves towards one o'clock.
    assert pixel(turned, (27, 5))[:3] == RED
    assert pixel(turned, (27, 49))[:3] == WHITE


def test_corners_that_come_free_are_transparent_by_default():
    assert pixel(apply("rotate:45", quadrants()), (0, 0)) == (0, 0, 0, 0)
    assert apply("rotate:45", grey_steps()).mode == "LA"


def test_corners_that_come_free_take_the_background():
    turned = apply("rotate:45,background=gold", quadrants())
    assert turned.mode == "RGB"
    assert pixel(turned, (0, 0)) == (255, 215, 0)
    assert apply("rotate:45,background=333", grey_steps()).mode == "L"
    half = apply("rotate:45,background=ff000080", grey_steps())
    assert pixel(half, (0, 0)) == (255, 0, 0, 128)


def test_the_edges_of_a_turned_picture_are_smooth_and_have_its_colour():
    turned = apply("rotate:10", Image.new("RGB", (40, 40), RED))
    soft = [p for p in turned.get_flattened_data() if 0 < p[3] < 255]
    assert len(soft) > 100
    assert all(is_near(p[:3], RED, 12) for p in soft if p[3] > 20)


def test_trim_cuts_a_margin_of_one_colour():
    image = Image.new("RGB", (40, 30), WHITE)
    image.paste(RED, (5, 6, 25, 20))
    assert apply("trim", image).size == (20, 14)
    assert apply("trim", image).getcolors() == [(280, RED)]


def test_trim_forgives_up_to_its_threshold():
    image = Image.new("L", (20, 20), 250)
    image.paste(245, (0, 0, 20, 3))
    image.paste(0, (5, 5, 10, 10))
    assert apply("trim", image).size == (5, 5)
    assert apply("trim:4", image).size == (20, 17)


def test_trim_accepts_a_colour():
    image = Image.new("RGB", (20, 20), GREEN)
    image.paste(RED, (0, 0, 20, 5))
    assert apply("trim:colour=green", image).size == (20, 5)
    assert apply("trim:color=blue", image).size == (20, 20)


def test_trim_cuts_transparency_whatever_colour_it_hides():
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((200, 9, 9, 0), (0, 0, 20, 4))
    image.paste((*RED, 255), (8, 8, 12, 12))
    assert apply("trim", image).size == (4, 4)


def test_trim_cuts_transparent_edges_below_an_opaque_corner():
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 12, 8))
    image.paste((*BLUE, 255), (2, 2, 12, 8))
    assert apply("trim", image).size == (10, 6)
    image.paste((*RED, 255), (0, 0, 12, 8))
    assert apply("trim", image).size == (12, 8)


def test_trim_leaves_a_picture_of_nothing_but_margin():
    assert apply("trim", Image.new("RGB", (9, 9), RED)).size == (9, 9)


def test_pad_adds_space_on_each_side():
    image = quadrants((10, 8))
    padded = apply("pad:left=1,top=2,right=3,bottom=4,background=gold", image)
    assert padded.size == (14, 14)
    assert padded.crop((1, 2, 11, 10)).tobytes() == image.tobytes()
    assert pixel(padded, (0, 5)) == pixel(padded, (5, 1)) == (255, 215, 0)
    assert pixel(padded, (13, 13)) == (255, 215, 0)


@pytest.mark.parametrize(
    ("mode", "background", "padded_mode"),
    [("RGB", "transparent", "RGBA"), ("L", "transparent", "LA"), ("L", "777", "L"),
     ("L", "red", "RGB"), ("LA", "red", "RGBA"), ("L", "f008", "RGBA"), ("RGB", "black", "RGB")],
)  # fmt: skip
def test_pad_changes_the_mode_only_as_its_background_needs(mode, background, padded_mode):
    assert apply(f"pad:1,background={background}", Image.new(mode, (2, 2))).mode == padded_mode


def test_pad_leaves_what_is_transparent_transparent():
    padded = apply("pad:4,background=red", with_hole((40, 40)))
    assert pixel(padded, (0, 0)) == (255, 0, 0, 255)
    assert pixel(padded, (40, 40))[3] == 0


def test_border_grows_the_picture_by_a_line_on_each_side():
    image = quadrants((10, 8))
    framed = apply("border:3,colour=white", image)
    assert framed.size == (16, 14)
    assert framed.crop((3, 3, 13, 11)).tobytes() == image.tobytes()
    assert pixel(framed, (2, 2)) == WHITE
    assert pixel(apply("border:1", image), (0, 0)) == (0, 0, 0)


def test_flatten_lays_transparency_on_a_background():
    flat = apply("flatten:gold", with_hole())
    assert flat.mode == "RGB"
    assert corners(flat)["bottom right"] == (255, 215, 0, 255)
    assert corners(flat)["top left"] == (*RED, 255)


def test_flatten_mixes_what_shines_through():
    half = Image.new("LA", (2, 2), (0, 128))
    flat = apply("flatten", half)
    assert flat.mode == "L"
    assert pixel(flat, (0, 0)) == (127,)


def test_flatten_leaves_an_opaque_picture_alone():
    image = quadrants()
    assert ImageChops.difference(apply("flatten:red", image), image).getbbox() is None
