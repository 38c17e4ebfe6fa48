import random
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.decoded_cache import DecodedCache, decode_size, size_bytes
from progimage.imaging.codecs.formats import JPEG, PNG
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.render import render
from tests.imaging.drawing import pixel, put, quadrants, saved, solids
from tests.imaging.transforming import LIMITS


@pytest.fixture
def recent():
    return DecodedCache(max_bytes=40_000)


def square(folder, side, name="picture"):
    return put(folder, saved(Image.new("RGB", (side, side)), "PNG"), name)


@pytest.mark.parametrize(
    ("form", "needed", "size"),
    [
        (JPEG, (384, 288), (500, 375)),
        (JPEG, (385, 289), (1000, 750)),
        (JPEG, (769, 576), (1000, 750)),
        (JPEG, (1001, 1), (1500, 1125)),
        (JPEG, (1153, 865), (1500, 1125)),
        (JPEG, (1154, 866), (2000, 1500)),
        (JPEG, (2000, 1500), (2000, 1500)),
        (JPEG, (2001, 1500), None),
        (JPEG, (1, 1), (500, 375)),
        (JPEG, None, None),
        (PNG, (600, 450), None),
    ],
)
def test_a_picture_of_4000x3000_is_decoded_at_one_of_a_few_sizes(form, needed, size):
    assert decode_size((4000, 3000), form, needed) == size


@pytest.mark.parametrize(
    ("needed", "size"),
    [((45, 30), (90, 60)), ((46, 30), (180, 120)), ((180, 120), (360, 240)), ((181, 120), None)],
)
def test_a_fraction_of_a_working_copy_has_twice_the_sides_that_are_needed(needed, size):
    assert decode_size((720, 480), JPEG, needed, is_copy=True) == size


def test_a_picture_is_decoded_once(recent, tmp_path):
    path = square(tmp_path, 20)
    assert recent.decode(path, LIMITS) is recent.decode(path, LIMITS)


def test_copies_of_one_picture_are_decoded_once_if_their_content_is_named(recent, tmp_path):
    first, copy, other = (square(tmp_path, 20, name) for name in ("first", "copy", "other"))
    known = recent.decode(first, LIMITS, content="id/1")
    assert recent.decode(copy, LIMITS, content="id/1") is known
    assert recent.decode(other, LIMITS, content="id/2") is not known


def test_of_a_remembered_picture_the_file_is_not_read(recent, tmp_path):
    path = square(tmp_path, 20)
    known = recent.decode(path, LIMITS, content="id/1")
    with recent.open(path, LIMITS, content="id/1") as source:
        assert source.facts == ((20, 20), PNG, 1)
    Path(path).unlink()
    with recent.open(path, LIMITS, content="id/1") as source:
        assert source.facts.size == (20, 20)
        assert source.decode() is known


def test_each_decoded_size_is_a_picture_of_its_own(recent, tmp_path):
    path = put(tmp_path, saved(Image.new("RGB", (64, 64)), "JPEG"))
    assert recent.decode(path, LIMITS, target=(16, 16)).size == (16, 16)
    assert recent.decode(path, LIMITS).size == (64, 64)


def test_a_replaced_file_is_read_again(recent, tmp_path):
    for colour in ((1, 2, 3), (4, 5, 6)):
        fresh = put(tmp_path, saved(solids(colour)[0], "PNG"), "fresh")
        path = (tmp_path / "fresh").replace(tmp_path / "picture")
        assert pixel(recent.decode(str(path), LIMITS).frames[0], (0, 0)) == colour
        assert fresh != str(path)


def test_the_least_recently_used_goes_first(recent, tmp_path):
    paths = [square(tmp_path, 50, name) for name in "abcde"]
    first, second, *_ = [recent.decode(path, LIMITS) for path in paths[:4]]
    assert recent.decode(paths[0], LIMITS) is first
    recent.decode(paths[4], LIMITS)
    assert recent.decode(paths[0], LIMITS) is first
    assert recent.decode(paths[1], LIMITS) is not second


def test_a_picture_of_more_than_a_quarter_of_the_memory_is_not_remembered(recent, tmp_path):
    small, large = square(tmp_path, 50, "small"), square(tmp_path, 51, "large")
    decoded = recent.decode(small, LIMITS)
    assert recent.decode(large, LIMITS) is not recent.decode(large, LIMITS)
    assert recent.decode(small, LIMITS) is decoded


def test_files_that_cannot_be_decoded_are_not_stored(recent, tmp_path):
    path = put(tmp_path, saved(quadrants(), "PNG")[:30])
    for _ in range(2):
        with pytest.raises(CorruptPicture):
            recent.decode(path, LIMITS)


def test_all_frames_count(recent, tmp_path):
    frames = solids((1, 2, 3), (3, 4, 5))
    path = put(tmp_path, saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert size_bytes(recent.decode(path, LIMITS)) == 2 * 16 * 12 * 4


def test_the_bytes_of_a_rendition_do_not_depend_on_what_was_rendered_before(tmp_path):
    steps = [f"resize:w={w}" for w in (20, 50, 51, 90, 140, 190)] + ["flip", "crop:50x50"]
    made = []
    for seed in range(2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        source = put(folder, saved(quadrants((401, 299)), "JPEG"))
        for step in random.Random(seed).sample(steps, len(steps)):
            render(source, parse(step), str(folder / step), JPEG, LIMITS)
        made.append([(folder / step).read_bytes() for step in steps])
    assert made[0] == made[1]
