"""Different photographs of six megapixels, each with its number written in blocks of grey."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.photos import draw

SIZE = (3000, 2000)
_SCENE = (4000, 3000)
_BITS = 10
MOST = 1 << _BITS
# The number is a row of blocks at the top, so that it can be read in a thumbnail too.
_BLOCK = SIZE[0] // _BITS


def write_photographs(folder: Path, count: int) -> list[str]:
    """Write `count` JPEGs in folders of a hundred; return their keys, by number."""
    scene = draw(*_SCENE, seed=7)
    places = np.random.default_rng(1)
    keys = []
    for number in range(count):
        left = int(places.integers(_SCENE[0] - SIZE[0]))
        top = int(places.integers(_SCENE[1] - SIZE[1]))
        photograph = scene.crop((left, top, left + SIZE[0], top + SIZE[1]))
        for bit in range(_BITS):
            grey = 255 if number >> bit & 1 else 0
            place = bit * _BLOCK, 0, (bit + 1) * _BLOCK, _BLOCK
            photograph.paste((grey, grey, grey), place)
        key = f"{number // 100:02}/boat trip {number:04}.jpg"
        path = folder / key
        path.parent.mkdir(exist_ok=True)
        photograph.save(path, quality=90)
        keys.append(key)
    return keys


def number_in(data: bytes) -> int:
    """Return the number that a rendition shows, whatever its size."""
    image = Image.open(io.BytesIO(data)).convert("L")
    block = image.width / _BITS
    return sum(
        (image.getpixel((int((bit + 0.5) * block), int(block / 2))) > 127) << bit
        for bit in range(_BITS)
    )
