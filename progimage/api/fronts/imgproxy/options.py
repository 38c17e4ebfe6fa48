"""imgproxy's processing options as values.

Names, short names, arguments and defaults: imgproxy documentation, "Processing options".
Options may stand in any order; a later one overrides an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GRAVITIES = ("ce", "no", "so", "ea", "we", "noea", "nowe", "soea", "sowe")
SMART, FOCUS, REPLICATE = "sm", "fp", "re"


@dataclass(frozen=True, slots=True)
class Gravity:
    """Where a part lies; `x` and `y` are offsets inwards, or the focal point of `fp`.

    An offset of 1 or more is in pixels, a smaller one a share of the side.
    """

    kind: str = "ce"
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Extend:
    """Whether to extend the canvas to the requested size or ratio, and where the picture goes."""

    is_on: bool = False
    gravity: Gravity = Gravity()


@dataclass(slots=True)
class Options:
    """All options of one URL. Sizes are in pixels; 0 leaves a side free. Pages count from 0."""

    resizing: str = "fit"
    width: int = 0
    height: int = 0
    min_width: int = 0
    min_height: int = 0
    zoom: tuple[float, float] = (1.0, 1.0)
    dpr: float = 1.0
    enlarge: bool = False
    extend: Extend = Extend()
    extend_ratio: Extend = Extend()
    gravity: Gravity = Gravity()
    crop: tuple[float, float] = (0.0, 0.0)
    crop_gravity: Gravity | None = None
    crop_ratio: float = 0.0
    trim: float | None = None
    trim_colour: str = ""
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    rotate: int = 0
    flips: tuple[bool, bool] = (False, False)
    background: str = ""
    brightness: int = 0
    contrast: float = 1.0
    saturation: float = 1.0
    blur: float = 0.0
    sharpen: float = 0.0
    pixelate: int = 0
    monochrome: tuple[float, str] = (0.0, "")
    duotone: tuple[str, str] | None = None
    watermark_opacity: float = 0.0
    watermark: Gravity = Gravity()
    watermark_scale: float = 0.0
    watermark_text: str = ""
    page: int = 0
    quality: int = 0
    format_quality: dict[str, int] = field(default_factory=dict)
    max_bytes: int = 0
    format: str = ""
    keeps_profile: bool = False
    keeps_metadata: bool = False
    is_progressive: bool = False
    is_raw: bool = False
    skipped_formats: tuple[str, ...] = ()
    file_name: str = ""
    is_attachment: bool = False
