"""What there is of damaged pixels of a PNG."""

from __future__ import annotations

import zlib

from PIL import Image

_LARGE_STEP = 4_096


def filled(image: Image.Image, gaps: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Fill the gaps of an interlaced picture from the finest pass that is whole."""
    for across, down in ((1, 2), (2, 2), (2, 4), (4, 4), (4, 8), (8, 8)):
        coarse = -(-image.width // across), -(-image.height // down)
        corner = (across, 0, 0.5 - across / 2, 0, down, 0.5 - down / 2)
        if gaps.transform(coarse, Image.Transform.AFFINE, corner).getbbox() is None:
            thumbnail = image.transform(coarse, Image.Transform.AFFINE, corner)
            spread = (1 / across, 0, 0, 0, 1 / down, 0)
            image.paste(thumbnail.transform(image.size, Image.Transform.AFFINE, spread), mask=gaps)
            return image, Image.new("L", image.size)
    return image, gaps


def intact_part(data: bytes) -> bytes:
    """Return the part of damaged data that can be inflated, as a valid stream.

    Pillow's decoder drops what zlib has inflated before it met an error.
    """
    inflater = zlib.decompressobj()
    rows: list[bytes] = []
    step = _LARGE_STEP
    position = 0
    while position < len(data) and not inflater.eof:
        attempt = inflater.copy()
        try:
            rows.append(attempt.decompress(data[position : position + step]))
        except zlib.error:
            if step == 1:
                break
            step = 1
            continue
        inflater = attempt
        position += step
    return zlib.compress(b"".join(rows), 0)
