"""Colour spaces by code point: AVIF, HEIC and PNG name theirs with three numbers.

Standard dynamic range becomes an ICC profile. High dynamic range, PQ and HLG, is mapped to
what an sRGB display can show, as Chromium does it for pictures.
Source: ITU-T H.273 (2021), tables 2 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageFilter

from progimage.imaging.codecs.icc import (
    SRGB_PRIMARIES,
    Curve,
    apply,
    inverse,
    light_to_srgb,
    product,
    rgb_profile,
    srgb_to_light,
    to_d50,
)

_D65 = (0.3127, 0.3290)
_PRIMARIES: dict[int, tuple[float, ...]] = {
    1: SRGB_PRIMARIES,
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    10: (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
_UNSPECIFIED = 2
_SRGB, _PQ, _HLG = 13, 16, 18
_VIDEO_TRANSFERS = (1, 6, 14, 15)
_DISPLAY_CURVES: dict[int, Curve] = {
    4: lambda value: value**2.2,
    5: lambda value: value**2.8,
    7: lambda value: value / 4 if value < 0.0913 else ((value + 0.1115) / 1.1115) ** (1 / 0.45),
    8: lambda value: value,
    _SRGB: srgb_to_light,
    # 48 cd/m2 is white, and 52.37 the peak. Source: SMPTE RP 431-2.
    17: lambda value: value**2.6 * 52.37 / 48,
}

# Source: ITU-R BT.2408, the luminance of white in graphics.
_WHITE_NITS = 203.0
_DEFAULT_PEAK_NITS = 1000.0
_LATTICE_SIDE = 33


@dataclass(frozen=True, slots=True)
class Hdr:
    """A picture of high dynamic range: its code points, and how bright it gets."""

    primaries: int
    transfer: int
    peak_nits: float = _DEFAULT_PEAK_NITS


def colour_space(
    primaries: int, transfer: int, *, is_video: bool, peak_nits: float = 0
) -> bytes | Hdr | None:
    """Return the profile of these code points, or that they mean high dynamic range.

    None means sRGB; so do code points without a meaning, as in browsers.
    `is_video` holds for AVIF and HEIC: the curve of television cameras is then taken for
    that of sRGB, which is what browsers do, and for a gamma of 2.4 in a PNG.
    """
    if is_video and transfer in (*_VIDEO_TRANSFERS, _UNSPECIFIED):
        transfer = _SRGB
    if is_video and primaries == _UNSPECIFIED:
        primaries = 1
    if primaries not in _PRIMARIES:
        return None
    if transfer in (_PQ, _HLG):
        return Hdr(primaries, transfer, peak_nits or _DEFAULT_PEAK_NITS)
    return _profile(primaries, transfer)


@lru_cache(maxsize=32)
def _profile(primaries: int, transfer: int) -> bytes | None:
    if primaries == 1 and transfer == _SRGB:
        return None
    curve = _DISPLAY_CURVES.get(transfer)
    if transfer in (*_VIDEO_TRANSFERS, 11):
        # Source: ITU-R BT.1886.
        curve = _bt_1886
    return rgb_profile(_PRIMARIES[primaries], curve) if curve else None


def _bt_1886(value: float) -> float:
    return math.pow(value, 2.4)


@lru_cache(maxsize=4)
def tone_map(hdr: Hdr) -> ImageFilter.Color3DLUT:
    """Return the filter that brings RGB of high dynamic range to sRGB.

    The brightest channel decides how much all three are dimmed, so that hues stay.
    """
    to_bt2020 = product(inverse(to_d50(_PRIMARIES[9])), to_d50(_PRIMARIES[hdr.primaries]))
    to_srgb = product(inverse(to_d50(SRGB_PRIMARIES)), to_d50(_PRIMARIES[9]))

    def mapped(*encoded: float) -> tuple[float, float, float]:
        light = apply(to_bt2020, _light(encoded, hdr.transfer))
        gain = _gain(max(light), hdr.peak_nits / _WHITE_NITS)
        red, green, blue = apply(to_srgb, [channel * gain for channel in light])
        return _shown(red), _shown(green), _shown(blue)

    return ImageFilter.Color3DLUT.generate(_LATTICE_SIDE, mapped)


def _shown(light: float) -> float:
    return light_to_srgb(min(max(light, 0.0), 1.0))


def _light(encoded: Sequence[float], transfer: int) -> list[float]:
    """Return linear light, 1 being white."""
    if transfer == _PQ:
        return [_pq_nits(channel) / _WHITE_NITS for channel in encoded]
    # Source: ITU-R BT.2100, table 5, for a display of 1,000 cd/m2.
    scene = [_hlg_scene(channel) for channel in encoded]
    luminance = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2]
    scale = _DEFAULT_PEAK_NITS * luminance**0.2 / _WHITE_NITS
    return [channel * scale for channel in scene]


def _pq_nits(value: float) -> float:
    """Source: SMPTE ST 2084."""
    power = math.pow(value, 1 / 78.84375)
    ratio = max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return 10_000 * math.pow(ratio, 1 / 0.1593017578125)


def _hlg_scene(value: float) -> float:
    if value <= 0.5:
        return value * value / 3
    return (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _gain(brightest: float, peak: float) -> float:
    """Return what to multiply light by, so that `peak` becomes white.

    Up to white all is dimmed alike; above, a quadratic Bezier curve leads to the peak.
    Source: SMPTE ST 2094-50, annex C.3 (reference white tone mapping operator).
    """
    headroom = min(max(math.log2(max(peak, 1.0)), 0.0) / math.log2(1000 / _WHITE_NITS), 1.0)
    knee = 1 - 0.5 * headroom
    if brightest <= 1 or peak <= 1:
        return knee
    middle_x, middle_y = 0.35 + 0.65 / knee, 0.35 * knee + 0.65
    a, b, c = 1 - 2 * middle_x + peak, 2 * middle_x - 2, 1 - min(brightest, peak)
    at = -c / b if abs(a) < 1e-9 else (-b + math.sqrt(max(b * b - 4 * a * c, 0))) / (2 * a)
    shown = (knee - 2 * middle_y + 1) * at * at + (2 * middle_y - 2 * knee) * at + knee
    return shown / brightest if brightest <= peak else 1 / brightest
