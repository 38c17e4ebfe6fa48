import pytest
from PIL import Image

from tests.imaging.drawing import (
    RED,
    WHITE,
    corners,
    grey_steps,
    is_near,
    pixel,
    quadrants,
    solids,
)
from tests.imaging.transforming import OTHER, apply, apply_all


def alpha(image, at):
    return pixel(image.convert("RGBA"), at)[3]


def area(image):
    """Return how many pixels' worth of the picture can be seen."""
    return sum(image.convert("RGBA").getchannel("A").get_flattened_data()) / 255


def test_a_circle_has_the_shorter_side_as_its_diameter():
    masked = apply("mask:circle", quadrants((60, 40)))
    assert (masked.mode, masked.size) == ("RGBA", (60, 40))
    assert area(masked) == pytest.approx(3.1416 * 20**2, rel=0.01)
    assert alpha(masked, (30, 1)) == alpha(masked, (11, 20)) == 255
    assert alpha(masked, (8, 20)) == alpha(masked, (0, 0)) == 0


def test_an_ellipse_touches_all_four_sides():
    masked = apply("mask:ellipse", quadrants((60, 40)))
    assert area(masked) == pytest.approx(3.1416 * 30 * 20, rel=0.01)
    assert alpha(masked, (30, 0)) > 200
    assert alpha(masked, (0, 20)) > 200
    assert alpha(masked, (2, 2)) == 0


@pytest.mark.parametrize("size", [(60, 40), (61, 41), (61, 40)])
def test_shapes_are_symmetrical(size):
    for shape in ("circle", "ellipse", "rounded"):
        stencil = apply(f"mask:{shape}", Image.new("RGB", size)).getchannel("A")
        if shape != "circle":
            assert apply("flip", stencil).tobytes() == stencil.tobytes()
            assert apply("mirror", stencil).tobytes() == stencil.tobytes()
        else:
            box = stencil.getbbox()
            assert box[2] - box[0] == box[3] - box[1] == min(size)


def test_rounded_corners_have_the_radius_asked_for():
    masked = apply("mask:rounded,radius=10", quadrants((60, 40)))
    assert area(masked) == pytest.approx(2400 - (4 - 3.1416) * 100, rel=0.002)
    assert alpha(masked, (0, 0)) == 0
    assert alpha(masked, (10, 0)) == alpha(masked, (0, 10)) == 255


def test_rounded_corners_are_a_tenth_of_the_shorter_side_and_at_most_half():
    image = quadrants((60, 40))
    assert apply("mask:rounded", image) == apply("mask:rounded,radius=4", image)
    assert apply("mask:rounded,radius=4000", image) == apply("mask:rounded,radius=20", image)


def test_the_edge_of_a_shape_is_smooth():
    masked = apply("mask:circle", Image.new("L", (40, 40), 9))
    soft = [a for _, a in masked.get_flattened_data() if 0 < a < 255]
    assert len(soft) > 60


def test_a_mask_keeps_the_colours_and_the_alpha_that_was_there():
    image = quadrants((60, 40)).convert("RGBA")
    image.putalpha(100)
    masked = apply("mask:ellipse", image)
    assert pixel(masked, (20, 15)) == (*RED, 100)
    assert alpha(masked, (0, 0)) == 0


def test_another_picture_masks_by_its_alpha():
    other = Image.new("RGBA", (10, 10), (255, 255, 255, 0))
    other.paste((0, 0, 0, 255), (0, 0, 5, 10))
    masked = apply(f"mask:image={OTHER}", quadrants((80, 40)), other)
    assert masked.size == (80, 40)
    assert alpha(masked, (10, 20)) == 255
    assert alpha(masked, (70, 20)) == 0


def test_another_picture_without_alpha_masks_by_its_lightness():
    masked = apply(f"mask:image={OTHER}", quadrants(), grey_steps())
    assert [seen[3] for seen in corners(masked).values()] == [0, 85, 170, 255]


def logo(colour=(*WHITE, 255), size=(4, 2)):
    return Image.new("RGBA", size, colour)


@pytest.mark.parametrize(
    ("where", "box"),
    [
        ("gravity=northwest,x=3,y=5", (3, 5, 7, 7)),
        ("gravity=southeast,x=3,y=5", (33, 23, 37, 25)),
        ("gravity=center", (18, 14, 22, 16)),
        ("gravity=north,y=1", (18, 1, 22, 3)),
        ("gravity=east,x=0", (36, 14, 40, 16)),
        ("x=10,y=10", (26, 18, 30, 20)),
    ],
)
def test_a_watermark_stands_where_gravity_and_offset_say(where, box):
    marked = apply(f"watermark:image={OTHER},{where}", Image.new("RGB", (40, 30)), logo())
    assert marked.getbbox() == box
    assert marked.crop(box).getcolors() == [(8, WHITE)]


def test_a_watermark_shines_through_as_its_opacity_says():
    marked = apply(
        f"watermark:image={OTHER},opacity=0.5,gravity=center", Image.new("RGB", (9, 9)), logo()
    )
    assert pixel(marked, (4, 4)) == (128, 128, 128)


def test_a_watermark_adds_to_the_alpha_of_a_transparent_picture():
    marked = apply(f"watermark:image={OTHER}", Image.new("LA", (40, 30), (0, 0)), logo())
    assert marked.getchannel("A").getbbox() == (26, 18, 30, 20)
    assert pixel(marked, (27, 19)) == (*WHITE, 255)


def test_a_watermark_can_take_a_part_of_the_width():
    marked = apply(f"watermark:image={OTHER},scale=0.5,x=0,y=0", Image.new("RGB", (40, 30)), logo())
    assert marked.getbbox() == (20, 20, 40, 30)


def test_a_watermark_too_large_is_made_to_fit_beside_its_offset():
    marked = apply(
        f"watermark:image={OTHER},x=4,y=0", Image.new("RGB", (40, 30)), logo(size=(400, 20))
    )
    assert marked.getbbox() == (0, 28, 36, 30)


def test_a_watermark_repeats_as_a_tile():
    marked = apply(f"watermark:image={OTHER},tile=yes,x=6,y=3", Image.new("L", (40, 30)), logo())
    assert [x for x in range(40) if pixel(marked, (x, 0)) == WHITE][:6] == [0, 1, 2, 3, 10, 11]
    assert [y for y in range(30) if pixel(marked, (0, y)) == WHITE][:4] == [0, 1, 5, 6]
    assert marked.crop((0, 0, 30, 25)).tobytes() == marked.crop((10, 5, 40, 30)).tobytes()


def test_a_tile_of_single_pixels_covers_the_picture():
    marked = apply(
        f"watermark:image={OTHER},tile=yes,x=0,y=0", Image.new("L", (37, 21)), logo(size=(1, 1))
    )
    assert marked.getcolors() == [(37 * 21, WHITE)]


def test_a_watermark_far_outside_leaves_the_picture():
    image = quadrants()
    assert apply(f"watermark:image={OTHER},x=8000,y=8000", image, logo()).tobytes() == (
        image.tobytes()
    )


def test_text_is_written_in_its_colour_and_size():
    marked = apply("watermark:Ag,size=20,colour=red,gravity=center", Image.new("RGB", (80, 40)))
    left, top, right, bottom = marked.getbbox()
    assert 12 <= bottom - top <= 24
    assert 15 <= right - left <= 30
    assert abs((left + right) / 2 - 40) <= 1
    assert marked.getpixel((0, 0)) == (0, 0, 0)
    assert max(p[0] for p in marked.get_flattened_data()) == 255
    assert max(p[1] + p[2] for p in marked.get_flattened_data()) == 0


def test_text_is_white_and_a_twentieth_of_the_shorter_side_by_default():
    marked = apply("watermark:A", Image.new("L", (800, 400)))
    assert is_near(max(marked.get_flattened_data()), WHITE, 0)
    _, top, _, bottom = marked.getbbox()
    assert 10 <= bottom - top <= 20


def test_text_too_long_is_written_smaller():
    marked = apply(f"watermark:{'W' * 100},size=900,x=0,y=0", Image.new("L", (300, 60)))
    left, top, right, bottom = marked.getbbox()
    assert right - left > 200
    assert bottom - top < 20


@pytest.mark.parametrize("width", range(150, 240, 7))
def test_no_letter_of_a_text_too_long_is_cut_off(width):
    marked = apply(f"watermark:{'I ' * 20}I,size=40,x=0", Image.new("L", (width, 60)))
    lit = [max(column) > 60 for column in zip(*rows(marked), strict=True)]
    assert sum(now and not before for before, now in zip([False, *lit], lit, strict=False)) == 21


@pytest.mark.parametrize(
    ("plain", "others"), [("a", "àáâãäåāăą"), ("u", "ùúûüūůű"), ("N", "ΩЖßŁđ€™")]
)
def test_letters_beyond_plain_latin_ones_each_look_like_themselves(plain, others):
    looks = {
        apply(f"watermark:{letter},size=40,gravity=center", Image.new("L", (80, 80))).tobytes()
        for letter in plain + others
    }
    assert len(looks) == 1 + len(others)


def test_one_text_is_written_in_one_font():
    """A word in two would look like a ransom note."""
    e = apply("watermark:e,size=40,gravity=northwest", Image.new("L", (90, 80)))
    mixed = apply("watermark:eü,size=40,gravity=northwest", Image.new("L", (90, 80)))
    left = mixed.crop((0, 0, e.getbbox()[2] + 2, 80))
    assert left.getbbox()[2] > 0
    assert left.tobytes() != e.crop((0, 0, *left.size)).tobytes()


def test_a_composed_and_a_decomposed_text_are_one():
    image = Image.new("L", (200, 60))
    composed, decomposed = "M\u00fcller", "Mu\u0308ller"
    assert apply(f"watermark:{composed}", image).tobytes() == (
        apply(f"watermark:{decomposed}", image).tobytes()
    )


def rows(image):
    data = image.convert("L").tobytes()
    return [data[at : at + image.width] for at in range(0, len(data), image.width)]


def test_the_colour_of_a_text_may_shine_through():
    marked = apply("watermark:---,colour=fff8,size=40,gravity=center", Image.new("L", (90, 60)))
    assert max(p[0] for p in marked.get_flattened_data()) == 136


def test_every_frame_of_an_animation_is_marked_alike():
    picture = apply_all(f"watermark:image={OTHER}", solids((9, 9, 9), (7, 7, 7)), logo(size=(2, 2)))
    assert [pixel(frame, (5, 1)) for frame in picture.frames] == [WHITE, WHITE]
    assert [pixel(frame, (0, 0)) for frame in picture.frames] == [(9, 9, 9), (7, 7, 7)]
