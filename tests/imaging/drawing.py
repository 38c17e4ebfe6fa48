"""Tiny pictures, drawn in code, for every test of imaging."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from progimage.imaging.codecs import pillow_plugins  # noqa: F401 - lets Pillow write every format below

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
_SAMPLES = Path(__file__).parent / "samples"
CORNERS = {"top left": RED, "top right": GREEN, "bottom left": BLUE, "bottom right": WHITE}


def quadrants(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return four flat quarters: red and green above, blue and white below."""
    width, height = size
    image = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), BLUE)
    return image


def with_hole(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return `quadrants` as RGBA with the bottom right quarter transparent."""
    image = quadrants(size).convert("RGBA")
    image.paste((255, 255, 255, 0), (size[0] // 2, size[1] // 2, *size))
    return image


def grey_steps(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return four flat greys, L: 0 and 85 above, 170 and 255 below."""
    width, height = size
    image = Image.new("L", size, 0)
    image.paste(85, (width // 2, 0, width, height // 2))
    image.paste(170, (0, height // 2, width // 2, height))
    image.paste(255, (width // 2, height // 2, width, height))
    return image


def corners(image: Image.Image) -> dict[str, tuple[int, ...]]:
    """Return the pixels in the middle of the four quarters, as RGBA."""
    width, height = image.size
    rgba = image.convert("RGBA")
    places = {
        "top left": (width // 4, height // 4),
        "top right": (width * 3 // 4, height // 4),
        "bottom left": (width // 4, height * 3 // 4),
        "bottom right": (width * 3 // 4, height * 3 // 4),
    }
    return {name: pixel(rgba, place) for name, place in places.items()}


def pixel(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    """Return one pixel, always as a tuple."""
    value = image.getpixel(place)
    return value if isinstance(value, tuple) else (int(value or 0),)


def is_near(one: tuple[int, ...], other: tuple[int, ...], tolerance: int) -> bool:
    """Tell if no channel differs by more than `tolerance`."""
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def saved(image: Image.Image, pillow_name: str, **parameters: Any) -> bytes:
    """Return `image` as a file of that format."""
    buffer = BytesIO()
    image.save(buffer, pillow_name, **parameters)
    return buffer.getvalue()


def heic(size: tuple[int, int]) -> bytes:
    """Return `quadrants` of 48x32 or 64x64 as HEIC, which nothing here can write."""
    return (_SAMPLES / f"quadrants_{size[0]}x{size[1]}.heic").read_bytes()


def animated(frames: list[Image.Image], pillow_name: str, **parameters: Any) -> bytes:
    """Return the frames as an animation."""
    return saved(frames[0], pillow_name, save_all=True, append_images=frames[1:], **parameters)


def solids(*colours: tuple[int, ...], size: tuple[int, int] = (16, 12)) -> list[Image.Image]:
    """Return one flat frame a colour, RGB or RGBA."""
    return [Image.new("RGBA" if len(c) == 4 else "RGB", size, c) for c in colours]


def put(folder: Path, data: bytes, name: str = "picture") -> str:
    """Write bytes to a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return str(path)
