"""How coarsely a JPEG is quantised at each quality.

The luma table of the standard gives fine texture less than its share of the bytes. The one here is
the geometric mean of two tables that mozjpeg offers: its default, and one that is tuned for
multi-scale SSIM. Its scale makes files 3 to 4 % smaller than with the standard's at equal quality;
see DecisionLog.md, 220.

Sources: mozjpeg 4.1, jcparam.c, the luma tables 3 (N. Robidoux) and 2 ("MSSIM-tuned Kodak");
ITU T.81, table K.2; libjpeg-turbo, jcparam.c, jpeg_quality_scaling.
"""

from __future__ import annotations

from functools import cache

Table = tuple[int, ...]

_LUMA: Table = (
    *(14, 16, 18, 19, 27, 35, 56, 73, 17, 18, 20, 26, 31, 45, 57, 64),
    *(17, 20, 22, 28, 38, 60, 79, 86, 22, 26, 28, 35, 49, 80, 95, 101),
    *(28, 33, 39, 46, 56, 95, 114, 117, 38, 37, 53, 68, 87, 111, 137, 147),
    *(51, 59, 83, 95, 116, 143, 165, 177, 76, 82, 110, 122, 146, 156, 181, 207),
)
_CHROMA: Table = (
    *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99),
    *(99,) * 32,
)
_LUMA_SCALE = 0.87
# Where the pictures are small, what is lost in them is more of what there is to see.
_LUMA_SCALE_OF_SMALL = 0.85


@cache
def tables(quality: int, *, is_small: bool = False) -> tuple[Table, Table]:
    """Return the tables of luma and chroma for a quality of 1 to 100, row by row.

    `is_small` says that the picture is, as `encode_parameters.is_small` does.
    """
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    scale = _LUMA_SCALE_OF_SMALL if is_small else _LUMA_SCALE
    return _scaled(_LUMA, scale * percent), _scaled(_CHROMA, percent)


def _scaled(table: Table, percent: float) -> Table:
    return tuple(min(max(round(entry * percent / 100), 1), 255) for entry in table)


@cache
def luma_sums(*, is_small: bool) -> tuple[int, ...]:
    """Return the sum of the luma table of each quality; the first is of none."""
    return (0, *(sum(tables(quality, is_small=is_small)[0]) for quality in range(1, 101)))
