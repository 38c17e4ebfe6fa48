"""Signatures in paths are secrets, and stay out of logs."""

from __future__ import annotations

import pytest

from progimage.telemetry.paths import without_signature

SIGNATURE = "v1.default.1795240000.any." + "M" * 43


@pytest.mark.parametrize("mark", ["~", "%7E", "%7e"])
def test_a_viewers_signature_is_cut_off(mark):
    path = f"/iiif/3/abc{mark}{SIGNATURE}/full/max/0/default.jpg"
    assert without_signature(path) == f"/iiif/3/abc{mark}…/full/max/0/default.jpg"
    assert without_signature(f"/deepzoom/abc{mark}{SIGNATURE}.dzi") == f"/deepzoom/abc{mark}…"


@pytest.mark.parametrize("path", ["/", "/images/abc/watermark:text=~aGk.png", "/iiif/3/a~b/x"])
def test_other_paths_stay_as_they_are(path):
    assert without_signature(path) == path
