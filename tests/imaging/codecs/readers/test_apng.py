"""Animated PNG: frames are composed as the specification and browsers do."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from progimage.imaging.codecs.picture import Picture
from progimage.imaging.codecs.readers import apng
from tests.imaging.codecs.readers.reading import CLEAR, chunk, facts, read, rgba

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
KEEP, TO_BACKGROUND, TO_PREVIOUS = 0, 1, 2
SOURCE, OVER = 0, 1
SIZE = (4, 4)


def _pixels(size: tuple[int, int], colour: tuple[int, ...]) -> bytes:
    return zlib.compress((b"\0" + bytes(colour) * size[0]) * size[1])


def _animation(
    frames: list[tuple[tuple[int, int, int, int], tuple[int, ...], int, int]],
    *,
    plays: int = 0,
    default: tuple[int, ...] | None = None,
    announced: int | None = None,
) -> bytes:
    """Return an APNG of one-coloured frames: box, colour, dispose and blend of each."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    parts.append(chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 6, 0, 0, 0)))
    parts.append(chunk(b"acTL", struct.pack(">II", announced or len(frames), plays)))
    if default:
        parts.append(chunk(b"IDAT", _pixels(SIZE, default)))
    sequence = 0
    for number, ((left, top, right, bottom), colour, dispose, blend) in enumerate(frames):
        size = right - left, bottom - top
        control = struct.pack(">IIIIIHHBB", sequence, *size, left, top, 1, 10, dispose, blend)
        parts.append(chunk(b"fcTL", control))
        sequence += 1
        if number == 0 and not default:
            parts.append(chunk(b"IDAT", _pixels(size, colour)))
        else:
            data = struct.pack(">I", sequence) + _pixels(size, colour)
            parts.append(chunk(b"fdAT", data))
            sequence += 1
    return b"".join(parts) + chunk(b"IEND", b"")


def _corner_and_rest(picture: Picture, frame: int) -> tuple[tuple[int, ...], ...]:
    image = picture.frames[frame]
    return rgba(image, (0, 0)), rgba(image, (3, 3))


CORNER, ALL = (0, 0, 2, 2), (0, 0, 4, 4)


@pytest.mark.parametrize(
    ("dispose", "blend", "colour", "during", "after"),
    [
        (KEEP, SOURCE, GREEN, GREEN, GREEN),
        (KEEP, OVER, GREEN, GREEN, GREEN),
        (TO_BACKGROUND, OVER, GREEN, GREEN, CLEAR),
        (TO_PREVIOUS, OVER, GREEN, GREEN, RED),
        (TO_PREVIOUS, SOURCE, GREEN, GREEN, RED),
        (KEEP, SOURCE, CLEAR, CLEAR, CLEAR),
        (KEEP, OVER, CLEAR, RED, RED),
    ],
)
def test_a_frame_is_blended_and_disposed_of(
    dispose: int,
    blend: int,
    colour: tuple[int, ...],
    during: tuple[int, ...],
    after: tuple[int, ...],
    tmp_path: Path,
) -> None:
    frames = [
        (ALL, RED, KEEP, SOURCE),
        (CORNER, colour, dispose, blend),
        ((3, 3, 4, 4), BLUE, KEEP, OVER),
    ]
    picture = read(tmp_path, _animation(frames))
    assert _corner_and_rest(picture, 1) == (during, RED)
    assert _corner_and_rest(picture, 2) == (after, BLUE)


def test_half_transparent_over_opaque_is_opaque(tmp_path: Path) -> None:
    frames = [(ALL, RED, KEEP, SOURCE), (ALL, (0, 0, 255, 128), KEEP, OVER)]
    picture = read(tmp_path, _animation(frames))
    assert picture.mode == "RGB"
    assert rgba(picture.frames[1], (0, 0)) == (127, 0, 128, 255)


def test_the_first_frame_cannot_go_back_and_is_cleared_in_place(tmp_path: Path) -> None:
    frames = [(ALL, RED, TO_PREVIOUS, SOURCE), (CORNER, GREEN, KEEP, OVER)]
    assert _corner_and_rest(read(tmp_path, _animation(frames)), 1) == (GREEN, CLEAR)


def test_a_default_image_that_is_no_frame_is_not_shown(tmp_path: Path) -> None:
    frames = [(ALL, RED, KEEP, SOURCE), (ALL, GREEN, KEEP, SOURCE)]
    picture = read(tmp_path, _animation(frames, default=BLUE, plays=3))
    assert [rgba(frame, (0, 0)) for frame in picture.frames] == [RED, GREEN]
    assert (picture.loop, picture.durations_ms) == (3, (100, 100))


@pytest.mark.parametrize("place", ["sequence", "outside", "size"])
def test_of_a_broken_sequence_what_comes_before_is_shown(place: str, tmp_path: Path) -> None:
    outside = (0, 0, 5, 2) if place == "outside" else CORNER
    first = CORNER if place == "size" else ALL
    data = _animation([(first, RED, KEEP, SOURCE), (outside, GREEN, KEEP, OVER)], default=BLUE)
    if place == "size":
        data = _animation([(CORNER, RED, KEEP, SOURCE), (ALL, GREEN, KEEP, SOURCE)])
    if place == "sequence":
        at = data.rindex(b"fcTL")
        control = struct.pack(">I", 9) + data[at + 8 : at + 30]
        data = data[: at - 4] + chunk(b"fcTL", control) + data[at + 34 :]
    found = facts(tmp_path, data)
    assert (found.frames, "the animation" in found.damage) == (1, True)
    if place != "size":
        assert rgba(read(tmp_path, data).frames[0], (0, 0)) == RED


def test_frames_that_are_announced_and_missing_are_damage(tmp_path: Path) -> None:
    frames = [(ALL, RED, KEEP, SOURCE), (ALL, GREEN, KEEP, SOURCE)]
    found = facts(tmp_path, _animation(frames, announced=5))
    assert (found.frames, found.damage) == (2, "the animation: 3 frames are missing")


def test_one_frame_stands_for_the_picture_and_not_its_default_image(tmp_path: Path) -> None:
    data = _animation([(ALL, GREEN, KEEP, SOURCE)], default=RED)
    assert (facts(tmp_path, data).frames, facts(tmp_path, data).damage) == (1, "")
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == GREEN


def test_no_frames_are_a_still() -> None:
    for announced in (0, 2**31):
        assert apng.animation([], struct.pack(">II", announced, 0), SIZE) is None


def test_frames_with_a_palette(tmp_path: Path) -> None:
    images = [Image.new("P", (4, 4), index) for index in (0, 1)]
    for image in images:
        image.putpalette([255, 0, 0, 0, 0, 255])
    path = tmp_path / "p.png"
    images[0].save(path, save_all=True, append_images=images[1:], duration=50)
    picture = read(tmp_path, path.read_bytes())
    assert [rgba(frame, (0, 0)) for frame in picture.frames] == [RED, BLUE]
