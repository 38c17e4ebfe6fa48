"""The pictures that are measured: a folder of yours, or photographs drawn in code.

Drawn ones follow the dead-leaves model of natural images: opaque shapes whose radii
have a power-law density r^-3 occlude each other, which gives the edges, the flat parts
and the 1/f spectrum of real scenes (A. B. Lee, D. Mumford, J. Huang, "Occlusion Models
for Natural Images", IJCV 41, 2001). Each leaf has its own shading and texture; lens blur
and film grain come on top, tuned so that JPEG quality 90 needs 2 to 3 bits a pixel, as a
camera's file does.
"""

from __future__ import annotations

import io
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps, JpegImagePlugin

_GENERATION = 3  # part of every cached name: raise it when the drawing changes


@dataclass(frozen=True, slots=True)
class Photo:
    """One source on disk, with the media type its bytes have.

    `copy` tells equal pictures apart: to a server that knows pictures by their bytes,
    every copy is another one. Only JPEGs have copies.
    """

    path: Path
    media_type: str
    width: int
    height: int
    copy: int = 0

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return self.width * self.height / 1e6

    def data(self) -> bytes:
        """Return the file's bytes; a copy's have a comment (segment COM) of their own."""
        data = self.path.read_bytes()
        if not self.copy:
            return data
        return data[:2] + b"\xff\xfe" + struct.pack(">HI", 6, self.copy) + data[2:]


def photo(path: Path) -> Photo:
    """Return what `path` holds; only its header is read."""
    with Image.open(path) as image:
        return Photo(path, Image.MIME[image.format or ""], *image.size)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the cases measure, by kind; `cut_outs` are PNGs with an alpha channel."""

    jpegs: tuple[Photo, ...]
    pngs: tuple[Photo, ...]
    cut_outs: tuple[Photo, ...]
    webps: tuple[Photo, ...]
    huge: Photo

    @property
    def folder(self) -> Path:
        """The one folder that holds them all."""
        return self.huge.path.parent


def sources(work: Path, own: Path | None, *, smoke: bool) -> Sources:
    """Return the pictures to measure, drawing and converting what is missing.

    Args:
        work: folder that keeps the drawn and converted files between runs.
        own: a folder of photographs that replace the drawn JPEGs; the PNG and WebP
            sources are then made from its largest pictures.
        smoke: tiny pictures, only to prove that everything runs.
    """
    folder = work / ("smoke" if smoke else "own" if own else "photos")
    folder.mkdir(parents=True, exist_ok=True)
    scale = 0.05 if smoke else 1.0
    sides = [(3000, 2000), (3264, 2448), (4000, 3000)]  # 6, 8 and 12 megapixels
    if own:
        models = _adopted(folder, own)
    else:
        drawings = 1 if smoke else 4
        models = [
            _drawn(folder, seed, sides[seed % len(sides)], scale)
            for seed in range(drawings * len(sides))
        ]
    large = sorted(models, key=lambda source: -source.megapixels)
    convert = partial(_converted, folder, large[: 1 if smoke else 4], scale=scale)
    return Sources(
        jpegs=tuple(turned for model in models for turned in _turned(folder, model)),
        pngs=tuple(convert("opaque.png", (3000, 2000), _png)),
        cut_outs=tuple(convert("alpha.png", (2400, 1800), _cut_out)),
        webps=tuple(convert("lossy.webp", (4000, 3000), _webp)),
        huge=_drawn(folder, 99, (8660, 5773), scale),
    )


def _adopted(folder: Path, own: Path) -> list[Photo]:
    """Copy every JPEG of the caller's folder that is large enough to be a photograph."""
    chosen = []
    for path in sorted(own.iterdir()):
        if path.suffix.lower() in {".jpg", ".jpeg"} and photo(path).megapixels >= 4:
            chosen.append(photo(Path(shutil.copyfile(path, folder / f"own-{path.stem}.jpg"))))
    if not chosen:
        raise SystemExit("--photos: expected a folder with JPEGs of 4 megapixels or more")
    return chosen


def _drawn(folder: Path, seed: int, side: tuple[int, int], scale: float) -> Photo:
    width, height = (max(64, int(length * scale)) for length in side)
    path = folder / f"drawn{_GENERATION}-{seed}-{width}x{height}.jpg"
    if not path.exists():
        _keep(path, _jpeg(draw(width, height, seed)))
    return photo(path)


def _turned(folder: Path, model: Photo) -> list[Photo]:
    """The picture and its three reflections: four sources that no cache can confuse."""
    found = [model]
    for way in (
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.ROTATE_180,
    ):
        path = folder / f"{model.path.stem}-{way.name.lower()}.jpg"
        if not path.exists():
            with JpegImagePlugin.JpegImageFile(model.path) as image:
                turned = image.transpose(way)
                tables, sampling = image.quantization, JpegImagePlugin.get_sampling(image)
            _keep(path, _encoded(turned, "JPEG", qtables=tables, subsampling=sampling))
        found.append(photo(path))
    return found


def _converted(
    folder: Path,
    models: list[Photo],
    name: str,
    side: tuple[int, int],
    encode: Callable[[Image.Image], bytes],
    *,
    scale: float,
) -> list[Photo]:
    """The models in another format and at most `side` large, whichever is smaller."""
    found = []
    for model in models:
        width, height = (max(64, int(length * scale)) for length in side)
        path = folder / f"{model.path.stem}-{width}x{height}-{name}"
        if not path.exists():
            with Image.open(model.path) as image:
                _keep(path, encode(ImageOps.fit(image.convert("RGB"), (width, height))))
        found.append(photo(path))
    return found


def _keep(path: Path, data: bytes) -> None:
    # Renamed into place, so that an interrupted run leaves no half picture to measure.
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)


def _jpeg(image: Image.Image) -> bytes:
    return _encoded(image, "JPEG", quality=90, subsampling="4:2:0")


def _png(image: Image.Image) -> bytes:
    return _encoded(image, "PNG", compress_level=6)


def _webp(image: Image.Image) -> bytes:
    return _encoded(image, "WEBP", quality=85, method=4)


def _cut_out(image: Image.Image) -> bytes:
    """A product shot: the picture inside a soft ellipse, nothing around it."""
    mask = Image.new("L", image.size, 0)
    width, height = image.size
    box = (width // 10, height // 10, width - width // 10, height - height // 10)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    empty = Image.new("RGBA", image.size, (0, 0, 0, 0))
    empty.paste(image, mask=mask.filter(ImageFilter.GaussianBlur(4)))
    return _png(empty)


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def draw(width: int, height: int, seed: int) -> Image.Image:
    """Draw one photograph; equal arguments give equal pixels."""
    rng = np.random.default_rng(seed)
    colours = _leaves(width, height, rng)
    shade = _octaves(width, height, rng)
    grain = rng.normal(0, 1, (height, width)).astype(np.float32)
    pixels = np.asarray(colours, np.float32)
    # Texture grows with local brightness, as light does on a surface.
    pixels *= (1 + 0.5 * shade)[..., None]
    pixels += (2.2 * grain)[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")


def _leaves(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Opaque shapes over each other, radii with density r^-3, smallest painted last."""
    image = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(image)
    smallest, largest = 4.0, max(width, height) / 3
    count = max(200, width * height // 600)
    spread = rng.random(count)
    # Inverse of the cumulative distribution of r^-3 between the two ends.
    radii = (smallest**-2 - spread * (smallest**-2 - largest**-2)) ** -0.5
    for radius in np.sort(radii)[::-1]:
        x, y = rng.random() * width, rng.random() * height
        tone = 40 + 170 * rng.beta(2, 2)
        colour = tuple(int(c) for c in np.clip(tone + rng.normal(0, 22, 3), 0, 255))
        if rng.random() < 0.5:
            stretch = 0.5 + rng.random()
            pen.ellipse(
                (x - radius, y - radius * stretch, x + radius, y + radius * stretch), colour
            )
        else:
            sides, turn = int(rng.integers(3, 7)), int(rng.integers(360))
            pen.regular_polygon((x, y, radius), sides, turn, colour)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _octaves(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Noise whose amplitude falls by half from octave to octave; about -1 to 1."""
    total = np.zeros((height, width), np.float32)
    amplitude, cells = 0.5, 4
    while cells < max(width, height) / 2:
        rows = max(2, cells * height // width)
        small = Image.fromarray(rng.uniform(-1, 1, (rows, cells)).astype(np.float32))
        layer = small.resize((width, height), Image.Resampling.BICUBIC)
        total += amplitude * np.asarray(layer)
        amplitude, cells = amplitude * 0.62, cells * 2
    return total
