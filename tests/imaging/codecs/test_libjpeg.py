"""The library is used if it is the one whose structures are known."""

from __future__ import annotations

import ctypes

import pytest

from progimage.imaging.codecs import libjpeg
from progimage.imaging.codecs.libjpeg import RowPointers


@pytest.fixture
def look_again():
    """Return `library`, which looks for the library at each call."""
    return libjpeg.library.__wrapped__


def test_the_library_of_the_installed_pillow_is_known():
    assert libjpeg.library() is not None


@pytest.mark.parametrize("size", ["COMPRESSION_BYTES", "DECOMPRESSION_BYTES"])
def test_a_library_with_other_structures_is_not_used(size, look_again, monkeypatch):
    monkeypatch.setattr(libjpeg, size, getattr(libjpeg, size) + 8)
    assert look_again() is None


def test_a_library_of_another_version_is_not_used(look_again, monkeypatch):
    monkeypatch.setattr(libjpeg, "API_VERSION", 80)
    assert look_again() is None


def test_a_library_without_a_function_is_not_used(look_again, monkeypatch):
    monkeypatch.setattr(libjpeg, "load_library", lambda _: ctypes.CDLL(None))
    assert look_again() is None


def test_a_missing_library_is_not_used(look_again, monkeypatch):
    monkeypatch.setattr(libjpeg, "load_library", lambda _: None)
    assert look_again() is None


def test_each_call_gets_pointers_to_its_rows():
    rows = RowPointers(start=1_000, width=10, height=6, step=2)
    assert len(rows.calls) == 3
    read = [ctypes.c_uint64.from_address(rows.calls[call] + 8 * row).value
            for call in range(3) for row in range(2)]  # fmt: skip
    assert read == [1_000, 1_010, 1_020, 1_030, 1_040, 1_050]
