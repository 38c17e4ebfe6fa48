"""Every transform that one can see, on one photograph, side by side."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from progimage.imaging.registry import describe

# What shows better on a small cat than the example of the documentation.
_BETTER = {
    "thumbnail": "thumbnail:120x120",
    "resize": "resize:width=450,height=450,fit=cover,enlarge=true",
    "crop": "crop:width=230,height=150,gravity=0.4x0.45",
    "rotate": "rotate:12,background=white",
    "pad": "pad:40,background=teal",
    "border": "border:16,colour=navy",
    "trim": "pad:30,background=white/trim",
    "flatten": "mask:circle/flatten:background=gold",
    "brightness": "brightness:1.5",
    "contrast": "contrast:1.8",
    "saturation": "saturation:2.2",
    "gamma": "gamma:2",
    "posterize": "posterize:2",
    "sharpen": "sharpen:4",
    "watermark": "watermark:text=ProgImage,gravity=center,size=60,opacity=0.8",
    "quality": "quality:3",
    "compress": "compress:2500",
    "redact": "redact:areas=0.25x0.25x0.5x0.35",
}
_UNSEEN = {"lossless", "progressive", "strip", "format", "page"}
_CELL = (228, 152)
_GAP, _LABEL, _COLUMNS = 14, 26, 6


def contact_sheet(fetch: Callable[[str], bytes]) -> Image.Image:
    """Draw the sheet; `fetch` returns what a pipeline makes of the photograph."""
    names = [operation["name"] for operation in describe() if operation["name"] not in _UNSEEN]
    steps = {what["name"]: _BETTER.get(what["name"], what["example"]) for what in describe()}
    width = _COLUMNS * (_CELL[0] + _GAP) + _GAP
    rows = -(-len(names) // _COLUMNS)
    sheet = Image.new("RGB", (width, rows * (_CELL[1] + _LABEL + _GAP) + _GAP), "#f6f6f3")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, name in enumerate(names):
        # PNG has no quality to be lost again; those two are about what JPEG loses.
        extension = "jpg" if name in ("quality", "compress") else "png"
        made = Image.open(io.BytesIO(fetch(f"{steps[name]}.{extension}"))).convert("RGBA")
        if name != "thumbnail":
            made.thumbnail(_CELL)
            made = made.resize(_fitting(made.size))
        left = _GAP + number % _COLUMNS * (_CELL[0] + _GAP)
        top = _GAP + number // _COLUMNS * (_CELL[1] + _LABEL + _GAP)
        draw.rounded_rectangle((left, top, left + _CELL[0], top + _CELL[1]), 8, "#e7e7e1")
        place = (left + (_CELL[0] - made.width) // 2, top + (_CELL[1] - made.height) // 2)
        sheet.paste(made, place, made)
        draw.text((left + 2, top + _CELL[1] + 4), name, "#1a1d1f", font)
    return sheet


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    factor = min(_CELL[0] / size[0], _CELL[1] / size[1])
    return round(size[0] * factor), round(size[1] * factor)
