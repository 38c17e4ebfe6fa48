import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.errors import CorruptPicture, InvalidArgument, OutputTooLarge
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Operation
from progimage.imaging.output_limits import check_pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.registry import DECLARED
from progimage.imaging.render import render, transform
from tests.imaging.drawing import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    animated,
    corners,
    is_near,
    pixel,
    put,
    quadrants,
    saved,
    solids,
    with_hole,
)
from tests.imaging.transforming import LIMITS, OTHER, pipelines

TINY = Limits(max_output_side=64, max_output_pixels=3000, max_source_pixels=6000)


def rendered(folder, data, path, form="png", limits=LIMITS, **references):
    """Render bytes through a pipeline and open what came out."""
    source, target = put(folder, data, "source"), str(folder / "target")
    made = render(source, parse(path), target, formats.by_name(form), limits, references)
    with Image.open(target) as image:
        image.load()
        assert (made.width, made.height) == image.size
        assert made.size_bytes == (folder / "target").stat().st_size
        assert made.media_type == formats.by_name(form).media_type
        return image


def test_a_file_goes_in_and_a_file_comes_out(tmp_path):
    image = rendered(tmp_path, saved(quadrants(), "PNG"), "resize:w=24/rotate:90/grayscale")
    assert (image.size, image.mode, image.format) == ((16, 24), "L", "PNG")
    assert corners(image)["top right"][0] == 76


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "gif", "avif", "tiff", "bmp"])
def test_an_empty_pipeline_converts(tmp_path, form):
    image = rendered(tmp_path, saved(quadrants((96, 64)), "PNG"), "", form)
    assert image.format == formats.by_name(form).pillow_name
    for name, colour in {"top left": RED, "top right": GREEN, "bottom left": BLUE}.items():
        assert is_near(corners(image)[name], (*colour, 255), 12)


def test_transparency_becomes_white_where_the_format_has_none(tmp_path):
    image = rendered(tmp_path, saved(with_hole((96, 64)), "PNG"), "blur:0", "jpeg")
    assert is_near(corners(image)["bottom right"], (*WHITE, 255), 2)


def test_transparency_becomes_the_background_if_one_is_given(tmp_path):
    image = rendered(tmp_path, saved(with_hole((96, 64)), "PNG"), "flatten:red", "jpeg")
    assert is_near(corners(image)["bottom right"], (*RED, 255), 5)


def test_equal_requests_give_equal_bytes(tmp_path):
    source = put(tmp_path, saved(quadrants((400, 300)), "JPEG"))
    made = []
    for name in ("one", "two"):
        pipeline = parse("thumbnail:90x90,cover,gravity=smart/watermark:Hi/quality:70")
        render(source, pipeline, str(tmp_path / name), formats.JPEG, LIMITS)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    "path",
    ["thumbnail:50x50", "resize:w=101", "resize:77x50,cover", "resize:w=50,h=200,fit=contain",
     "resize:33x44,fill", "resize:200x10,outside", "resize:60x40,cover,gravity=0.9x0.1"],
)  # fmt: skip
def test_shrinking_on_load_changes_neither_size_nor_place(tmp_path, path):
    """Sides that no power of two divides, so that the decoder leaves a part of a pixel."""
    image = quadrants((1013, 757))
    loaded = rendered(tmp_path, saved(image, "JPEG", quality=95, subsampling=0), path)
    whole = transform(Picture((image,)), parse(path), LIMITS).frames[0]
    assert loaded.size == whole.size
    for name, seen in corners(whole).items():
        assert is_near(corners(loaded)[name], seen, 8)


def test_a_step_behind_the_first_does_not_shrink_on_load(tmp_path):
    data = saved(quadrants((800, 600)), "JPEG", quality=95)
    image = rendered(tmp_path, data, "crop:x=300,y=200,w=200,h=200/thumbnail:20x20")
    assert is_near(corners(image)["top left"], (*RED, 255), 8)
    assert is_near(corners(image)["bottom right"], (*WHITE, 255), 8)


def test_an_upright_thumbnail_comes_of_a_picture_on_its_side(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(quadrants((800, 600)), "JPEG", exif=exif, quality=95)
    image = rendered(tmp_path, data, "thumbnail:60x80")
    assert image.size == (60, 80)
    assert is_near(corners(image)["top right"], (*RED, 255), 8)


@pytest.mark.parametrize("form", ["gif", "webp", "png"])
def test_an_animation_stays_one_through_every_step(tmp_path, form):
    data = animated(solids(RED, GREEN, BLUE), "GIF", duration=[50, 100, 150], loop=0)
    path = "resize:w=8/rotate:90/pad:1,background=white/sepia:0/flip/blur:0"
    assert rendered(tmp_path, data, path, form).size == (8, 10)
    with Image.open(tmp_path / "target") as image:
        assert image.n_frames == 3


def test_every_frame_of_an_animation_is_transformed(tmp_path):
    data = animated(solids(RED, (0, 255, 0), BLUE), "GIF", duration=[50, 100, 150], loop=2)
    source, target = put(tmp_path, data, "source"), str(tmp_path / "target")
    render(source, parse("invert"), target, formats.PNG, LIMITS)
    with Image.open(target) as image:
        seen = []
        for frame in range(3):
            image.seek(frame)
            seen.append((pixel(image.convert("RGB"), (3, 3)), image.info["duration"]))
    assert seen == [((0, 255, 255), 50), ((255, 0, 255), 100), ((255, 255, 0), 150)]


def test_a_still_format_gets_the_first_frame(tmp_path):
    data = animated(solids(RED, GREEN), "GIF", duration=50)
    image = rendered(tmp_path, data, "resize:w=8", "jpeg")
    assert is_near(corners(image)["top left"], (*RED, 255), 4)


def test_another_picture_is_read_from_its_file(tmp_path):
    other = put(tmp_path, saved(Image.new("RGB", (4, 4), WHITE), "PNG"), "other")
    path = f"watermark:image={OTHER},gravity=northwest,x=0,y=0"
    image = rendered(tmp_path, saved(quadrants(), "PNG"), path, **{OTHER: other})
    assert [pixel(image, at) for at in ((3, 3), (4, 4))] == [WHITE, RED]


def test_a_broken_source_is_reported_apart(tmp_path):
    with pytest.raises(CorruptPicture):
        rendered(tmp_path, saved(quadrants(), "PNG")[:60], "flip")


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("pad:20", "pad: would be 88x72 pixels; a side may have at most 64; resize first"),
        ("resize:64x64,contain", "resize: would be 64x64 pixels; at most 3000 in all are allowed"),
        ("flip/border:9", "border: would be 66x50 pixels; a side may have at most 64"),
        ("rotate:45", "rotate: would be 57x57 pixels; at most 3000 in all are allowed"),
        ("trim/pad:100", "pad: would be 248x232 pixels; a side may have at most 64"),
    ],
)
def test_a_result_too_large_is_refused_by_the_step_that_would_make_it(tmp_path, path, complaint):
    with pytest.raises(OutputTooLarge) as caught:
        rendered(tmp_path, saved(quadrants(), "PNG"), path, limits=TINY)
    assert str(caught.value).startswith(complaint)
    assert not (tmp_path / "target").exists()


def test_a_picture_too_large_as_it_is_must_be_made_smaller_first(tmp_path):
    data = saved(quadrants((70, 40)), "PNG")
    with pytest.raises(OutputTooLarge, match=r"the picture itself: .*70x40"):
        rendered(tmp_path, data, "", limits=TINY)
    assert rendered(tmp_path, data, "resize:w=64/flip", limits=TINY).size == (64, 37)


def test_all_frames_of_an_animation_count_together(tmp_path):
    data = animated(solids(RED, GREEN, BLUE, size=(40, 40)), "GIF")
    with pytest.raises(OutputTooLarge, match=r"pad: .*3 frames of 48x48"):
        rendered(tmp_path, data, "pad:4", "webp", limits=TINY)
    assert rendered(tmp_path, data, "pad:4", "png", limits=Limits(max_output_pixels=3000))
    assert rendered(tmp_path, data, "pad:4", "jpeg", limits=TINY).size == (48, 48)


def test_sizes_are_computed_without_the_picture():
    check_pipeline(parse("resize:w=40/pad:10"), (20_000, 10_000), 1, TINY)
    with pytest.raises(OutputTooLarge, match="pad"):
        check_pipeline(parse("resize:w=40/pad:20"), (20_000, 10_000), 1, TINY)
    with pytest.raises(InvalidArgument, match="crop: 10,90 lies outside"):
        check_pipeline(parse("resize:w=40/crop:x=10,y=90"), (20_000, 10_000), 1, TINY)


pictures = st.builds(
    lambda mode, size, frames: [
        Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 9 + n).convert(mode)
        for n in range(frames)
    ],
    st.sampled_from(["L", "LA", "RGB", "RGBA"]),
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
    st.integers(1, 2),
)


@given(pictures, pipelines(most=60, kind=Operation))
def test_no_accepted_pipeline_passes_the_output_limits(images, pipeline):
    picture = Picture(tuple(images), (40,) * len(images))
    other = {OTHER: quadrants((30, 20)).convert("LA")}
    try:
        made = transform(picture, pipeline, TINY, pictures=other)
    except (OutputTooLarge, InvalidArgument):
        return
    width, height = made.size
    if pipeline.steps:
        assert max(width, height) <= 64
        assert width * height <= 3000
        assert len(images) == 1 or width * height * len(images) <= 6000
    assert {frame.size for frame in made.frames} == {made.size}
    assert len({frame.mode for frame in made.frames}) == 1
    assert made.mode in ("L", "LA", "RGB", "RGBA")


@given(pictures, pipelines(most=60, kind=Operation))
def test_the_computed_size_is_the_size_of_the_result(images, pipeline):
    picture = Picture((images[0],))
    other = {OTHER: quadrants((30, 20))}
    expected_size = picture.size
    try:
        for step, operation in pipeline.operations():
            expected_size = operation.output_size(expected_size, dict(step.arguments))
            if expected_size is None:
                return
        made = transform(picture, pipeline, LIMITS, pictures=other)
    except InvalidArgument:
        return
    assert made.size == expected_size


@pytest.mark.parametrize(
    "operation", [d for d in DECLARED if isinstance(d, Operation)], ids=lambda o: o.name
)
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_every_operation_leaves_the_frames_it_was_given_alone(operation, mode):
    images = [quadrants((60, 40)).convert(mode), quadrants((60, 40)).convert(mode)]
    before = images[0].tobytes()
    made = transform(Picture(tuple(images), (40, 40)), parse(operation.example), LIMITS)
    assert images[0].tobytes() == images[1].tobytes() == before
    assert made.frames[0].tobytes() == made.frames[1].tobytes()
