import pytest
from PIL import Image

from tests.imaging.drawing import BLUE, RED, WHITE, is_near, pixel, quadrants
from tests.imaging.transforming import apply

STEPS = ["blur", "sharpen", "pixelate", "edges", "emboss"]


def half(left, right, size=(40, 40), mode="RGB"):
    image = Image.new(mode, size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_the_size_and_the_alpha_channel_stay(step, mode):
    changed = apply(step, quadrants((30, 20)).convert(mode))
    assert changed.size == (30, 20)
    assert changed.mode.endswith("A") == mode.endswith("A")


def test_blur_mixes_neighbours_and_leaves_what_is_far():
    blurred = apply("blur:2", half(0, 255, mode="L"))
    assert 90 < pixel(blurred, (19, 20))[0] < 128
    assert pixel(blurred, (2, 20)) == (0,)


def test_blur_grows_with_sigma():
    image = half(0, 255, mode="L")
    values = [pixel(apply(f"blur:{sigma}", image), (16, 20))[0] for sigma in (1, 3, 9)]
    assert values == sorted(set(values))


@pytest.mark.parametrize("step", ["blur:3", "pixelate:7", "sharpen:5"])
def test_a_hidden_colour_does_not_bleed(step):
    image = half((255, 0, 0, 255), (0, 255, 0, 0), mode="RGBA")
    changed = apply(step, image)
    seen = [p for p in changed.get_flattened_data() if p[3] > 30]
    assert all(is_near(p[:3], RED, 5) for p in seen)


@pytest.mark.parametrize("step", ["sharpen:3", "convolution:1_1_1_1_1_1_1_1_1"])
@pytest.mark.parametrize(("shown", "hidden"), [(255, 0), (0, 255)])
def test_the_edge_of_what_is_seen_keeps_its_colour(step, shown, hidden):
    image = half((shown,) * 3 + (255,), (hidden,) * 3 + (0,), mode="RGBA")
    image.paste((shown, shown, shown, 100), (20, 0, 21, 40))
    changed = apply(step, image)
    seen = [p for p in changed.get_flattened_data() if p[3] > 30]
    assert all(is_near(p[:3], (shown,) * 3, 5) for p in seen)
    assert changed.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_blur_softens_alpha_too():
    blurred = apply("blur:3", half((255, 0, 0, 255), (0, 255, 0, 0), mode="RGBA"))
    assert 0 < pixel(blurred, (21, 20))[3] < 255


def test_sharpen_steepens_an_edge():
    image = half(100, 150, mode="L")
    sharp = apply("sharpen:2", image)
    assert pixel(sharp, (19, 20))[0] < 100
    assert pixel(sharp, (20, 20))[0] > 150
    assert pixel(sharp, (2, 20)) == (100,)


def test_sharpen_leaves_differences_up_to_its_threshold():
    image = half(100, 110, mode="L")
    assert apply("sharpen:2,threshold=20", image).tobytes() == image.tobytes()


def test_sharpen_leaves_alpha():
    image = half((90, 90, 90, 255), (160, 160, 160, 100), mode="RGBA")
    sharp = apply("sharpen:3", image)
    assert sharp.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_pixelate_makes_blocks_of_the_mean_colour():
    image = Image.new("L", (8, 4))
    image.putdata([0, 100, 200, 200, 0, 0, 0, 0] * 4)
    blocks = apply("pixelate:2", image)
    assert list(blocks.crop((0, 0, 8, 1)).get_flattened_data()) == [50, 50, 200, 200, 0, 0, 0, 0]


def test_pixelate_cuts_the_last_blocks_where_the_picture_ends():
    image = half(RED, BLUE, size=(10, 5))
    blocks = apply("pixelate:4", image)
    assert [pixel(blocks, (x, 4)) for x in (0, 3, 9)] == [RED, RED, BLUE]
    assert apply("pixelate:1000", image).getcolors() == [(50, (127, 0, 127))]


def test_edges_are_white_on_black():
    drawn = apply("edges", half(RED, WHITE))
    assert drawn.mode == "L"
    assert pixel(drawn, (20, 20)) == (255,)
    assert pixel(drawn, (5, 5)) == (0,)


def test_emboss_is_grey_where_nothing_changes():
    relief = apply("emboss", half(40, 200, mode="L"))
    assert pixel(relief, (5, 5)) == (128,)
    assert pixel(relief, (20, 20)) != (128,)


@pytest.mark.parametrize(("step", "flat"), [("edges", 0), ("emboss", 128)])
def test_the_rim_of_a_picture_is_no_edge(step, flat):
    assert apply(step, Image.new("L", (9, 7), 200)).getcolors() == [(63, flat)]


@pytest.mark.parametrize("step", STEPS)
def test_the_smallest_picture_is_enough(step):
    assert apply(step, Image.new("RGBA", (1, 1), RED)).size == (1, 1)
