"""Decode what there is of damaged data, and find out which pixels that are."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageChops

Size = tuple[int, int]

# A colour that no picture ends in, and its opposite: what is still of it was not decoded.
_GROUNDS = (165, 90)
_GROUNDS_16 = (0xA55A, 0x5AA5)


def decode_partly(
    mode: str, size: Size, data: bytes, decoder: str, *args: Any
) -> tuple[Image.Image, Image.Image | None]:
    """Run one of Pillow's decoders over `data`; return the image and a mask of its gaps.

    The mask is None if every pixel was decoded, else L with 255 where none was. It comes
    from decoding twice over different grounds: what differs was not decoded.
    """
    image = _ground(mode, size, 0)
    if _decode(image, data, decoder, args) and not _ends_bare(image):
        return image, None
    other = _ground(mode, size, 1)
    _decode(other, data, decoder, args)
    gaps = _difference(image, other)
    return image, gaps if gaps.getbbox() else None


def _ground(mode: str, size: Size, number: int) -> Image.Image:
    level = _GROUNDS_16[number] if mode == "I;16" else _GROUNDS[number]
    if mode == "1":
        level = 255 * number
    bands = len(Image.new(mode, (1, 1)).getbands())
    return Image.new(mode, size, (level,) * bands if bands > 1 else level)


def _decode(image: Image.Image, data: bytes, decoder: str, args: tuple[Any, ...]) -> bool:
    """Decode into `image`; return False if the decoder reports that something is wrong."""
    try:
        image.frombytes(data, decoder, *args)
    except (ValueError, OSError):
        return False
    return True


def _ends_bare(image: Image.Image) -> bool:
    """Tell if a last row is still ground: a valid stream was too short.

    Either of two, since the last rows of an interlaced picture come in two passes.
    """
    width, height = image.size
    bare = _ground(image.mode, (width, 1), 0).tobytes()
    rows = range(max(0, height - 2), height)
    return any(image.crop((0, row, width, row + 1)).tobytes() == bare for row in rows)


def with_gaps(image: Image.Image, gaps: Image.Image) -> Image.Image:
    """Return an L, LA, RGB or RGBA image, transparent where `gaps` is 255."""
    mode = image.mode if image.mode.endswith("A") else image.mode + "A"
    result = image.convert(mode) if mode != image.mode else image.copy()
    result.paste((0,) * len(mode), mask=gaps)
    return result


def shown_part(gaps: Image.Image) -> float:
    """Return which part of the pixels is no gap, from 0 to 1."""
    return gaps.histogram()[0] / (gaps.width * gaps.height)


def _difference(one: Image.Image, other: Image.Image) -> Image.Image:
    if one.mode == "I;16":
        one, other = (_reread(image, "LA").getchannel(0) for image in (one, other))
    elif one.mode == "1":
        one, other = one.convert("L"), other.convert("L")
    elif one.mode == "P":
        one, other = (_reread(image, "L") for image in (one, other))
    else:
        one, other = one.getchannel(0), other.getchannel(0)
    return ImageChops.difference(one, other).point([0] + [255] * 255)


def _reread(image: Image.Image, mode: str) -> Image.Image:
    return Image.frombytes(mode, image.size, image.tobytes())
