"""Structural similarity of two pictures' luma.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image Quality Assessment: From
Error Visibility to Structural Similarity", IEEE TIP 13(4), 2004: an 11 x 11 Gaussian
window of sigma 1.5, K1 = 0.01, K2 = 0.03, dynamic range 255, the mean over every whole
window.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

Plane = np.ndarray[tuple[int, int], np.dtype[np.float64]]

_TAPS = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
_WINDOW = _TAPS / _TAPS.sum()
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def luma(image: Image.Image) -> Plane:
    """Return the BT.601 luma of `image`, transparency shown on white, from 0 to 255."""
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.asarray(image.convert("L"), np.float64)


def ssim(one: Plane, other: Plane) -> float:
    """Return the mean SSIM of two planes of one size; 1.0 means identical."""
    if one.shape != other.shape:
        raise ValueError(f"ssim: expected two planes of one size, got {one.shape}, {other.shape}")
    mean_1, mean_2 = _blurred(one), _blurred(other)
    variance_1 = _blurred(one * one) - mean_1**2
    variance_2 = _blurred(other * other) - mean_2**2
    covariance = _blurred(one * other) - mean_1 * mean_2
    similar = (2 * mean_1 * mean_2 + _C1) * (2 * covariance + _C2)
    scale = (mean_1**2 + mean_2**2 + _C1) * (variance_1 + variance_2 + _C2)
    return float((similar / scale).mean())


def _blurred(plane: Plane) -> Plane:
    # The Gaussian window is separable: eleven shifted sums a direction.
    rows = plane.shape[0] - 10
    down = sum(tap * plane[i : i + rows] for i, tap in enumerate(_WINDOW))
    columns = plane.shape[1] - 10
    across: Plane = sum(tap * down[:, i : i + columns] for i, tap in enumerate(_WINDOW))
    return across
