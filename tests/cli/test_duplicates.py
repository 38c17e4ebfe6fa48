"""`progimage duplicates`: which images belong together."""

from __future__ import annotations

from types import SimpleNamespace

from PIL import Image

from progimage.cli.duplicates import groups

LOOK = 0x00FF00FF00FF00FF


def image(name: str, look: int, width: int = 10):
    """Return as much of an image as groups need."""
    return SimpleNamespace(
        id=name, perceptual_hash=f"{look:016x}", width=width, height=10, size_bytes=1
    )


def names(images, distance: int = 8) -> list[str]:
    return ["".join(each.id for each in group) for group in groups(images, distance)]


def test_images_within_the_distance_are_together_the_largest_first():
    images = [
        image("a", LOOK),
        image("b", ~LOOK & (2**64 - 1)),
        image("c", LOOK ^ 0xFF, width=20),
        image("d", LOOK ^ 0x1FF << 50),
    ]
    assert names(images) == ["ca"]
    assert names(images, 7) == []
    assert names(images, 9) == ["cad"]


def test_pictures_similar_to_a_third_are_grouped_too():
    images = [image("a", LOOK), image("b", LOOK ^ 0xFFFF), image("c", LOOK ^ 0xFF)]
    assert names(images) == ["abc"]


def test_every_pair_is_found_wherever_its_bits_differ():
    for distance in (0, 1, 5, 16):
        for start in range(0, 64 - distance):
            differing = ((1 << distance) - 1) << start
            assert names([image("a", LOOK), image("b", LOOK ^ differing)], distance) == ["ab"]


def test_one_colour_and_no_hash_look_like_nothing():
    without = SimpleNamespace(id="x", perceptual_hash="")
    assert names([image("a", 0), image("b", 0), without, without]) == []


def test_the_command_prints_groups(use, tmp_path):
    picture = Image.frombytes(
        "L", (4, 3), bytes([9, 200, 30, 90, 250, 60, 140, 20, 70, 120, 5, 230])
    )
    picture = picture.resize((301, 199), Image.Resampling.BICUBIC)
    for name, width in (("large.png", 301), ("small.png", 150)):
        picture.resize((width, 199)).save(tmp_path / name)
        use("upload", tmp_path / name, "--tag", "duplicates-test")
    done = use("duplicates", "--tag", "duplicates-test")
    assert [line.split("\t")[1] for line in done.lines] == ["301x199", "150x199"]
    assert "1 groups, 1 images beside" in done.err
    [group] = use("duplicates", "--tag", "duplicates-test", "--json").json
    assert [each["width"] for each in group] == [301, 150]
    first = use("duplicates", "--tag", "duplicates-test").lines[0].split("\t")[0]
    assert len(use("ls", "--near", first, "--tag", "duplicates-test").lines) == 1
