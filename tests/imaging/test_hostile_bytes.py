"""Damaged files of every format raise a `PictureError` and nothing else."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pylibjxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from progimage.errors import PictureError
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.formats import HAS_HEIC
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from tests.imaging.documents import document, filled
from tests.imaging.drawing import BLUE, RED, animated, heic, quadrants, saved, solids, with_hole

SMALL = Limits(max_source_pixels=100_000, max_source_side=2_000, max_frames=20)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    return exif


SEEDS: dict[str, bytes] = {
    "jpeg": saved(quadrants(), "JPEG", exif=_exif()),
    "jpeg, progressive cmyk": saved(quadrants().convert("CMYK"), "JPEG", progressive=True),
    "jpeg, several": animated(solids(RED, BLUE), "MPO"),
    "png": saved(with_hole(), "PNG", exif=_exif()),
    "png, palette": saved(quadrants().quantize(8), "PNG", transparency=3),
    "png, animated": animated(solids(RED, BLUE), "PNG"),
    "webp": saved(with_hole(), "WEBP", exif=_exif()),
    "webp, animated": animated(solids(RED, BLUE), "WEBP"),
    "gif": animated(solids(RED, BLUE), "GIF"),
    "avif": saved(quadrants(), "AVIF"),
    "tiff": saved(with_hole(), "TIFF", exif=_exif()),
    "tiff, packed": saved(quadrants(), "TIFF", compression="tiff_lzw"),
    "bmp": saved(quadrants().quantize(8), "BMP"),
    "jpeg2000": saved(quadrants(), "JPEG2000"),
    "ico": saved(quadrants((32, 32)), "ICO", sizes=[(16, 16), (32, 32)]),
    "pnm": saved(quadrants(), "PPM"),
    "jxl": pylibjxl.encode(np.asarray(with_hole()), lossless=True),
    "svg": b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><style>g { fill: red }
        </style><g id="a"><path d="M0 0h20v30z"/></g><use href="#a" x="9"/></svg>""",
    "pdf": document(filled(1, 0, 0), filled(0, 1, 0)),
    **({"heic": heic((64, 64))} if HAS_HEIC else {}),
}


def _survives(data: bytes) -> None:
    handle, path = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        for read in (inspect, decode):
            with suppress(PictureError):
                read(path, SMALL)
    finally:
        Path(path).unlink()


@pytest.mark.parametrize("name", SEEDS)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_changed_bytes(name: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(SEEDS[name])
    for place, value in changes:
        # Headers are where a changed byte does most, so half of them go there.
        data[place % (len(data) if place % 2 else min(len(data), 80))] = value
    _survives(bytes(data))


@pytest.mark.parametrize("name", SEEDS)
def test_cut_off_anywhere(name: str) -> None:
    data = SEEDS[name]
    for length in range(0, len(data), max(1, len(data) // 40)):
        _survives(data[:length])
