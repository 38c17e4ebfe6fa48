"""Photographs to show: free ones from a package, and landscapes that are drawn.

The photographs come with scikit-image and may be used by anybody for anything: Chelsea the
cat (CC0, Stefan van der Walt), coffee (CC0, Rachel Michetti), an astronaut (public domain,
NASA), a rocket (public domain, SpaceX), the Hubble deep field (public domain, NASA).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Photograph:
    """A picture and its metadata."""

    file_name: str
    title: str
    tags: tuple[str, ...]
    image: Image.Image = field(repr=False)
    visibility: str = "public"

    def jpeg(self) -> bytes:
        """Return it as a camera would."""
        out = io.BytesIO()
        self.image.convert("RGB").save(out, "JPEG", quality=92)
        return out.getvalue()


def from_package(name: str) -> Image.Image:
    """Open a photograph of scikit-image, which need not be importable for that."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SystemExit("scikit-image is missing; make pictures installs it")
    return Image.open(Path(spec.origin).parent / "data" / name).convert("RGB")


_PHOTOGRAPHS = [
    ("chelsea.png", "Chelsea", ("cat", "portrait")),
    ("coffee.png", "Morning coffee", ("still life", "morning")),
    ("rocket.jpg", "Lift-off", ("space", "night")),
    ("astronaut.png", "Before the flight", ("space", "portrait")),
    ("hubble_deep_field.jpg", "Deep field", ("space", "night")),
]

# Sky above, sky at the horizon, the far and the near hills, whether there is water.
_Palette = tuple[str, str, str, str, bool]
_LANDSCAPES: list[tuple[str, tuple[str, ...], tuple[int, int], _Palette]] = [
    (
        "Blue hour",
        ("hills", "evening"),
        (1200, 800),
        ("1d3b66", "f0b98d", "8a86a8", "141d33", True),
    ),
    (
        "Fog in the valley",
        ("hills", "morning"),
        (800, 1100),
        ("b8cbd0", "f3ead9", "a9bcc0", "33484f", False),
    ),
    (
        "Last light",
        ("mountains", "evening"),
        (1500, 800),
        ("35265c", "ff9d6b", "a8557b", "1d1230", True),
    ),
    (
        "North shore",
        ("sea", "morning"),
        (1200, 800),
        ("6ea3c4", "f7efe0", "7c9aa8", "22404d", True),
    ),
    ("Dunes", ("desert",), (1000, 1000), ("e9b77a", "fbe7c6", "d99a5b", "7a4526", False)),
    (
        "Under the ridge",
        ("mountains", "night"),
        (1400, 800),
        ("070d1f", "2d4a6e", "233a5c", "050913", True),
    ),
    (
        "Spring fields",
        ("hills", "morning"),
        (1200, 750),
        ("8fc1e8", "f4f6df", "8fb38a", "2f5a3a", False),
    ),
    (
        "Rose morning",
        ("sea", "morning"),
        (900, 1200),
        ("f0b7b9", "fdeadb", "c58fa0", "5a3a55", True),
    ),
    (
        "Pines",
        ("mountains", "forest"),
        (1200, 900),
        ("9db7b4", "e9efe6", "6f918a", "17302b", False),
    ),
    (
        "Harbour lights",
        ("sea", "night"),
        (1300, 800),
        ("101a38", "704a63", "3b3458", "0b0d1d", True),
    ),
    ("High summer", ("hills",), (1600, 900), ("4f9bd6", "e7f3f2", "7fb0a2", "2b6152", True)),
]


def photographs() -> Iterator[Photograph]:
    """Yield them all, in the order in which to upload them."""
    drawn = [
        Photograph(f"IMG_{2040 + number}.jpg", title, tags, landscape(number, *size, palette))
        for number, (title, tags, size, palette) in enumerate(_LANDSCAPES)
    ]
    taken = [
        Photograph(name.replace(".png", ".jpg"), title, tags, from_package(name))
        for name, title, tags in _PHOTOGRAPHS
    ]
    # The newest come first in a gallery.
    while drawn or taken:
        yield from [some.pop() for some in (drawn, drawn, taken) if some]


def landscape(seed: int, width: int, height: int, palette: _Palette) -> Image.Image:
    """Draw hills under a sky, with a low sun and, perhaps, water before them."""
    high, horizon, far, near = (np.array(_rgb(colour), float) for colour in palette[:4])
    chance = np.random.default_rng(seed)
    x, y = np.arange(width) / height, np.arange(height) / height
    skyline = 0.62 if palette[4] else 0.52
    blend = np.clip(y / skyline, 0, 1)[:, None, None] ** 1.3
    canvas = np.broadcast_to(high + (horizon - high) * blend, (height, width, 3)).copy()
    sun_x, sun_y = chance.uniform(0.25, 0.75) * width / height, skyline - chance.uniform(0.08, 0.2)
    distance = np.hypot(x[None, :] - sun_x, y[:, None] - sun_y)[..., None]
    canvas += (255 - canvas) * (0.75 * np.exp(-distance * 7) + (distance < 0.035) * 0.6).clip(0, 1)
    layers = 6
    for layer in range(layers):
        depth = layer / (layers - 1)
        level = skyline - 0.1 + 0.05 * layer if palette[4] else skyline - 0.06 + 0.1 * layer
        ridge = level - _ridge(chance, x, roughness=0.13 * (1 - 0.55 * depth))
        colour = far + (near - far) * depth**0.9
        haze = np.clip((y[:, None] - ridge[None, :]) / 0.16, 0, 1)[..., None]
        hill = colour + (horizon - colour) * (0.30 * (1 - depth)) * haze
        above = (y[:, None] > ridge[None, :])[..., None]
        canvas = np.where(above, hill, canvas)
    if palette[4]:
        canvas = _with_water(canvas, skyline + 0.13, chance)
    canvas += chance.normal(0, 2.2, (height, width, 1))
    drawn = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    return drawn.filter(ImageFilter.GaussianBlur(0.6))


def _ridge(chance: np.random.Generator, x: np.ndarray, roughness: float) -> np.ndarray:
    octaves = np.zeros_like(x)
    for octave in range(7):
        frequency = 1.1 * 2**octave
        points = chance.normal(0, 1, int(x[-1] * frequency) + 4)
        at = x * frequency
        whole = at.astype(int)
        part = at - whole
        part = part * part * (3 - 2 * part)
        octaves += (points[whole] * (1 - part) + points[whole + 1] * part) / 2.1**octave
    return octaves * roughness


def _with_water(canvas: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    height = canvas.shape[0]
    shore = int(level * height)
    rows = np.arange(height - shore)
    mirrored = np.clip(shore - 1 - (rows * 1.25).astype(int), 0, shore - 1)
    ripple = (chance.normal(0, 1, rows.size) * (1 + rows / 30)).astype(int)
    water = np.stack(
        [np.roll(canvas[row], shift, axis=0) for row, shift in zip(mirrored, ripple, strict=True)]
    )
    fade = (0.82 - 0.32 * rows / max(1, rows.size))[:, None, None]
    canvas[shore:] = water * fade + np.array([18, 32, 48]) * (1 - fade)
    return canvas


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue
