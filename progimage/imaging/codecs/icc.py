"""Read and write the part of an ICC profile that we compute with: curves and primaries.

Profiles are applied by LittleCMS. This module only serves where it needs help: to build a
profile from numbers (gAMA and cHRM of a PNG, code points of a video), and to read the
curves of a profile, so that samples of 16 bits meet them before they are cut to 8.
Source: ICC.1:2010, 7.2 (header), 7.3 (tag table), 10.5 (curv), 10.15 (para), 10.31 (XYZ).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

Curve = Callable[[float], float]
"""From an encoded value to light, both from 0 to 1."""
Matrix = tuple[tuple[float, float, float], ...]
"""Three rows."""

SRGB_PRIMARIES = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
"""x and y of red, green, blue and white. Source: IEC 61966-2-1."""

_CURVE_POINTS = 1024
_D50 = (0.9642, 1.0, 0.8249)
# Source: ICC.1:2010, annex E (the Bradford matrix).
_BRADFORD: Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
_HEADER_BYTES = 128
_MAX_TAGS = 100


def is_sound(profile: bytes) -> bool:
    """Tell if a profile is whole, by its header: browsers ignore one that is cut."""
    is_cut = int.from_bytes(profile[:4], "big") > len(profile)
    return len(profile) > _HEADER_BYTES and not is_cut and profile[36:40] == b"acsp"


def srgb_to_light(value: float) -> float:
    """Return the light of an sRGB value. Source: IEC 61966-2-1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def light_to_srgb(light: float) -> float:
    """Return the sRGB value of a light from 0 to 1."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def rgb_profile(primaries: Sequence[float], curve: Curve) -> bytes:
    """Return an RGB profile with these chromaticities and one curve for all channels.

    Raises:
        ValueError: no colour space has these primaries.
    """
    return _rgb_profile(to_d50(primaries), curve)


def with_srgb_curves(profile: bytes) -> bytes | None:
    """Return an RGB profile with the primaries of `profile` and the curves of sRGB.

    None if its colours do not follow from curves and primaries alone.
    """
    tags = _tags(profile)
    columns = [_read_xyz(tags.get(name, b"")) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    if b"A2B0" in tags or None in columns:
        return None
    red, green, blue = (column or (0.0, 0.0, 0.0) for column in columns)
    return _rgb_profile(tuple(zip(red, green, blue, strict=True)), srgb_to_light)


def curves(profile: bytes) -> list[Curve] | None:
    """Return the curve of the one grey channel, or the three of red, green and blue.

    None if the profile is damaged or has none.
    """
    tags = _tags(profile)
    names = (b"kTRC",) if b"kTRC" in tags else (b"rTRC", b"gTRC", b"bTRC")
    found = [_read_curve(tags.get(name, b"")) for name in names]
    return None if None in found else [curve for curve in found if curve]


def to_d50(primaries: Sequence[float]) -> Matrix:
    """Return the matrix from linear RGB of these primaries to XYZ under D50.

    Raises:
        ValueError: no colour space has these primaries.
    """
    white_x, white_y = primaries[6:8]
    if white_y <= 0:
        raise ValueError("the white point is no colour")
    white = white_x / white_y, 1.0, (1 - white_x - white_y) / white_y
    columns = [(x, y, 1 - x - y) for x, y in zip(primaries[0:6:2], primaries[1:6:2], strict=True)]
    unscaled: Matrix = tuple(zip(*columns, strict=True))
    scales = apply(inverse(unscaled), white)
    matrix: Matrix = tuple(
        (row[0] * scales[0], row[1] * scales[1], row[2] * scales[2]) for row in unscaled
    )
    cone, cone_d50 = apply(_BRADFORD, white), apply(_BRADFORD, _D50)
    if min(cone) <= 0:
        raise ValueError("the white point is no colour")
    adapted: Matrix = tuple(
        (row[0] * new / old, row[1] * new / old, row[2] * new / old)
        for row, new, old in zip(_BRADFORD, cone_d50, cone, strict=True)
    )
    return product(product(inverse(_BRADFORD), adapted), matrix)


def apply(matrix: Matrix, vector: Sequence[float]) -> tuple[float, float, float]:
    """Return `matrix` times `vector`."""
    first, second, third = (
        row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2] for row in matrix
    )
    return first, second, third


def product(left: Matrix, right: Matrix) -> Matrix:
    """Return `left` times `right`."""
    columns = [apply(left, column) for column in zip(*right, strict=True)]
    return tuple(zip(*columns, strict=True))


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a 3x3 matrix.

    Raises:
        ValueError: it has none.
    """
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if abs(determinant) < 1e-9:
        raise ValueError("the primaries lie on one line")
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple(
        (row[0] / determinant, row[1] / determinant, row[2] / determinant) for row in cofactors
    )


def _rgb_profile(matrix: Matrix, curve: Curve) -> bytes:
    red, green, blue = (_xyz(column) for column in zip(*matrix, strict=True))
    shape = _curv(curve)
    tags = {
        b"wtpt": _xyz(_D50),
        **{b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue},
        **{b"rTRC": shape, b"gTRC": shape, b"bTRC": shape},
    }
    table, body = b"", b""
    start = _HEADER_BYTES + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x0210_0000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(_fixed, _D50))
    return header.ljust(_HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + table + body


def _curv(curve: Curve) -> bytes:
    last = _CURVE_POINTS - 1
    points = [round(min(max(curve(at / last), 0), 1) * 65_535) for at in range(_CURVE_POINTS)]
    return b"curv" + struct.pack(f">II{_CURVE_POINTS}H", 0, _CURVE_POINTS, *points)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    """Return a signed number with 16 bits behind the point."""
    return struct.pack(">i", min(max(round(value * 65_536), -(2**31)), 2**31 - 1))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = int.from_bytes(profile[_HEADER_BYTES : _HEADER_BYTES + 4], "big")
    tags = {}
    for number in range(min(count, _MAX_TAGS)):
        entry = profile[_HEADER_BYTES + 4 + 12 * number :][:12]
        if len(entry) < 12:
            break
        offset, size = struct.unpack(">II", entry[4:])
        tags[entry[:4]] = profile[offset : offset + size]
    return tags


def _read_xyz(data: bytes) -> tuple[float, float, float] | None:
    if data[:4] != b"XYZ " or len(data) < 20:
        return None
    x, y, z = struct.unpack(">iii", data[8:20])
    return x / 65_536, y / 65_536, z / 65_536


def _read_curve(data: bytes) -> Curve | None:
    if data[:4] == b"curv" and len(data) >= 12:
        return _read_curv(data)
    if data[:4] == b"para" and len(data) >= 12:
        return _read_para(data)
    return None


def _read_curv(data: bytes) -> Curve | None:
    count = int.from_bytes(data[8:12], "big")
    if len(data) < 12 + 2 * count:
        return None
    points = struct.unpack(f">{count}H", data[12 : 12 + 2 * count])
    if not points:
        return lambda value: value
    if len(points) == 1:
        gamma = points[0] / 256
        return lambda value: math.pow(value, gamma)
    last = len(points) - 1

    def interpolated(value: float) -> float:
        place = min(max(value, 0.0), 1.0) * last
        low = min(int(place), last - 1)
        step = points[low + 1] - points[low]
        return float((points[low] + step * (place - low)) / 65_535)

    return interpolated


def _read_para(data: bytes) -> Curve | None:
    kind = int.from_bytes(data[8:10], "big")
    counts = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
    if kind not in counts or len(data) < 12 + 4 * counts[kind]:
        return None
    values: list[float] = [
        number / 65_536 for number in struct.unpack_from(f">{counts[kind]}i", data, 12)
    ]
    g, a, b, c, d, e, f = (values + [0.0] * 7)[:7]
    if kind == 0:
        a, d = 1.0, -1.0
    elif kind in (1, 2):
        # Below -b/a the curve is flat.
        e, c, d = (c, 0.0, -b / a if a else 0.0) if kind == 2 else (0.0, 0.0, -b / a if a else 0.0)
        f = e

    def parametric(value: float) -> float:
        if value >= d:
            return float(math.pow(max(a * value + b, 0.0), g) + e)
        return float(c * value + f)

    return parametric
