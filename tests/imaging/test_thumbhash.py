"""Our ThumbHash against the reference implementation's answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from progimage.imaging.thumbhash import thumb_hash

Paint = Callable[[int, int], tuple[int, int, int, int]]


def _painted(width: int, height: int, paint: Paint) -> bytes:
    return bytes(value for y in range(height) for x in range(width) for value in paint(x, y))


@pytest.mark.parametrize(
    ("width", "height", "paint", "reference"),
    [
        (
            *(32, 24, lambda x, y: (x * 8, y * 10, x * y % 256, 255)),
            "db180e1d9a6076877088888688678887f3a40ff788",
        ),
        (
            *(24, 32, lambda x, y: (x * 8, y * 7, x * y % 256, 255 if x < 12 else y * 8)),
            "18a8891c0c2b510686898787785fda62bff657378a77878707",
        ),
        (
            *(1, 1, lambda _x, _y: (10, 200, 30, 255)),
            "548a289f5e08f708888788708f7088f80888808008f7870f",
        ),
        (
            *(8, 8, lambda _x, _y: (0, 0, 0, 0)),
            "00088205000000000000000000000000000000000000000000",
        ),
    ],
    ids=["opaque", "transparent", "one pixel", "nothing"],
)
def test_hashes_equal_those_of_the_reference(
    width: int, height: int, paint: Paint, reference: str
) -> None:
    """By the `thumbhash` package for JavaScript, 0.1.1; one number may fall on the other side
    of a rounding, since sums are made in another order."""
    ours = thumb_hash(width, height, _painted(width, height, paint)).hex()
    assert (
        sum(abs(int(one, 16) - int(other, 16)) for one, other in zip(ours, reference, strict=True))
        <= 1
    )


def test_a_picture_that_is_not_small_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 100x100"):
        thumb_hash(101, 1, bytes(404))
