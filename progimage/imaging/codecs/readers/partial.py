"""Decode what there is of damaged data, and find out which pixels that are."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageChops

Size = tuple[int, int]

_FULL = {"I;16": 65_535}


def decode_partly(
    mode: str, size: Size, data: bytes, decoder: str, *args: Any
) -> tuple[Image.Image, Image.Image | None]:
    """Run one of Pillow's decoders over `data`; return the image and a mask of its gaps.

    The mask is None if every pixel was decoded, else L with 255 where none was. It comes
    from decoding twice over different backgrounds: what differs was not decoded.
    """
    image = Image.new(mode, size)
    try:
        image.frombytes(data, decoder, *args)
    except (ValueError, OSError):
        full = _FULL.get(mode, 255)
        bands = len(image.getbands())
        other = Image.new(mode, size, (full,) * bands if bands > 1 else full)
        try:
            other.frombytes(data, decoder, *args)
        except (ValueError, OSError):
            gaps = _difference(image, other)
            return image, gaps if gaps.getbbox() else None
    return image, None


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
