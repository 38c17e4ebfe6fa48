"""Profiles: curves and primaries, read and written."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.imaging.codecs import icc


def _curve_of(data: bytes) -> float | None:
    header = bytes(128) + struct.pack(">I", 1) + b"kTRC" + struct.pack(">II", 144, len(data))
    found = icc.curves(header + data)
    return found[0](0.5) if found else None


@pytest.mark.parametrize(
    ("data", "middle"),
    [
        (b"curv" + bytes(8), 0.5),
        (b"curv" + bytes(4) + struct.pack(">IH", 1, 512), 0.25),
        (b"curv" + bytes(4) + struct.pack(">I3H", 3, 0, 0x4000, 0xFFFF), 0.25),
        (b"para" + bytes(4) + struct.pack(">HHi", 0, 0, 2 << 16), 0.25),
        (b"para" + bytes(4) + struct.pack(">HH3i", 1, 0, 2 << 16, 1 << 16, 0), 0.25),
        (b"para" + bytes(4) + struct.pack(">HH4i", 2, 0, 1 << 16, 1 << 16, 0, 1 << 14), 0.75),
        (
            b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, 1 << 16, 1 << 16, 0, 1 << 15, 1 << 16),
            0.25,
        ),
        (b"curv" + bytes(4) + struct.pack(">I", 9), None),
        (b"para" + bytes(4) + struct.pack(">HH", 9, 0), None),
        (b"", None),
    ],
)
def test_curves_of_each_kind(data: bytes, middle: float | None) -> None:
    found = _curve_of(data)
    assert found is None if middle is None else found == pytest.approx(middle, abs=1e-3)


def test_values_are_read_as_they_were_written() -> None:
    profile = icc.rgb_profile(icc.SRGB_PRIMARIES, lambda value: value**2)
    found = icc.curves(profile)
    assert found is not None
    assert [curve(0.5) for curve in found] == pytest.approx([0.25] * 3, abs=1e-3)
    replaced = icc.with_srgb_curves(profile)
    assert replaced is not None
    shaped = icc.curves(replaced)
    assert shaped is not None
    assert shaped[0](0.5) == pytest.approx(icc.srgb_to_light(0.5), abs=1e-3)


@pytest.mark.parametrize("primaries", [(0.0,) * 8, (0.3,) * 8, (0.64, 0.33) * 4])
def test_primaries_that_are_no_colours_are_refused(primaries: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"no colour|one line"):
        icc.to_d50(primaries)


@given(st.binary(max_size=400))
def test_hostile_profiles_raise_nothing(data: bytes) -> None:
    icc.curves(data)
    icc.with_srgb_curves(bytes(128) + data)
