"""Any Pillow mode and any colour profile, to 8-bit sRGB: L, LA, RGB or RGBA.

Two steps, so that what is expensive happens after the picture was made smaller:
`plain` undoes palettes, depths and packings, `managed` applies the colour profile.
"""

from __future__ import annotations

from functools import cache, lru_cache
from io import BytesIO

from PIL import Image, ImageChops, ImageCms

from progimage.imaging.codecs.cicp import Hdr, tone_map
from progimage.imaging.codecs.icc import is_sound

MAX_PROFILE_BYTES = 4 * 1024 * 1024
"""Larger profiles are ignored; the largest printing profiles are near 3 MiB."""

_SPACES = {"RGB": "RGB", "RGBA": "RGB", "L": "GRAY", "LA": "GRAY", "CMYK": "CMYK"}
_SIXTEEN_TO_EIGHT = bytes((value * 255 + 32_767) // 65_535 for value in range(65_536))
_STRAIGHT_ALPHA = {"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}
_RAMP = Image.frombytes("L", (256, 1), bytes(range(256)))
_LATTICE = Image.frombytes(
    "RGB",
    (729, 1),
    bytes(
        channel * 255 // 8
        for red in range(9)
        for green in range(9)
        for blue in range(9)
        for channel in (red, green, blue)
    ),
)


@cache
def srgb_profile() -> bytes:
    """Return an sRGB profile of under 1 KiB, the same bytes every time."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Bytes 24 to 35 are the creation time; source: ICC.1:2010, 7.2.8.
    return profile[:24] + bytes(12) + profile[36:]


def plain(image: Image.Image) -> Image.Image:
    """Return a loaded `image` as L, LA, RGB, RGBA or CMYK, 8 bits a channel.

    Transparency in whichever guise becomes an alpha channel; one that is opaque
    everywhere is dropped. Numbers beyond 8 bits: 16-bit ones keep their high part,
    floats from 0 to 1 are scaled, and anything else is stretched over its own range.
    """
    if image.mode.startswith("I"):
        image = _integers_to_grey(image)
    elif image.mode == "F":
        image = _floats_to_grey(image)
    elif image.mode in _STRAIGHT_ALPHA:
        image = image.convert(_STRAIGHT_ALPHA[image.mode])
    elif image.mode == "1":
        image = image.convert("LA" if image.has_transparency_data else "L")
    elif image.mode in ("L", "RGB") and image.has_transparency_data:
        image = image.convert(image.mode + "A")
    elif image.mode == "P":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.convert("RGB")
    return _without_opaque_alpha(image)


def managed(image: Image.Image, profile: bytes | Hdr | None) -> Image.Image:
    """Return a `plain` image in sRGB: L, LA, RGB or RGBA.

    A profile that is damaged, enormous or for another kind of picture is ignored.
    Without one CMYK is converted as plain inks, and all else taken to be sRGB.
    """
    if isinstance(profile, Hdr):
        image = image.convert(image.mode.replace("L", "RGB").replace("CMYK", "RGB"))
        return image.filter(tone_map(profile))
    if profile and len(profile) <= MAX_PROFILE_BYTES and is_sound(profile):
        if image.mode in ("L", "LA"):
            curve = _grey_curve(profile)
            if curve is not None:
                identity = list(range(256)) if image.mode == "LA" else []
                return image.point(curve + identity)
        else:
            transform = _transform(profile, image.mode)
            if transform is not None:
                image = transform.apply(image)
    return image.convert("RGB") if image.mode == "CMYK" else image


def is_srgb(profile: bytes | Hdr | None, mode: str) -> bool:
    """Return whether `managed` leaves the colours of a picture in mode L or RGB as they are."""
    if isinstance(profile, Hdr):
        return False
    if not profile or len(profile) > MAX_PROFILE_BYTES or not is_sound(profile):
        return True
    return (_grey_curve(profile) if mode == "L" else _transform(profile, mode)) is None


def _integers_to_grey(image: Image.Image) -> Image.Image:
    numbers = image if image.mode == "I" else image.convert("I")
    low, high = _range(numbers)
    if low < 0 or high > 65_535:
        return _stretched(numbers, low, high)
    grey = numbers.point(_SIXTEEN_TO_EIGHT, "L")
    key = image.info.get("transparency")
    if isinstance(key, int) and 0 <= key <= 65_535:
        # Pillow's own conversion compares what is left of both after clipping to 8 bits.
        alpha = numbers.point(b"\xff" * key + b"\0" + b"\xff" * (65_535 - key), "L")
        return Image.merge("LA", (grey, alpha))
    return grey


def _floats_to_grey(image: Image.Image) -> Image.Image:
    low, high = _range(image)
    if low >= 0 and high <= 1:
        return _stretched(image, 0, 1)
    if low >= 0 and high <= 255:
        return image.convert("L")
    return _stretched(image, low, high)


def _stretched(numbers: Image.Image, low: float, high: float) -> Image.Image:
    scale = 255 / (high - low) if high > low else 0.0
    offset = -low * scale
    return numbers.convert("F").point(lambda value: value * scale + offset).convert("L")


def _range(image: Image.Image) -> tuple[float, float]:
    extrema = image.getextrema()
    low, high = extrema[0], extrema[1]
    if isinstance(low, tuple) or isinstance(high, tuple):
        raise TypeError("a picture of numbers has one band")
    return low, high


def _without_opaque_alpha(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() == (255, 255):
        return image.convert(image.mode[:-1])
    return image


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what takes `mode` in `profile` to sRGB; None if that is nothing or impossible."""
    target = ImageCms.createProfile("sRGB")
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        transform = ImageCms.ImageCmsTransform(
            source,
            ImageCms.ImageCmsProfile(target),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            # Inks as browsers show them: the black of paper is not stretched to that of screens.
            ImageCms.Intent.RELATIVE_COLORIMETRIC if mode == "CMYK" else ImageCms.Intent.PERCEPTUAL,
        )
        if mode == "CMYK":
            return transform
        probe = transform.apply(_LATTICE.convert(mode)).convert("RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if _nearly_equal(probe, _LATTICE) else transform


@lru_cache(maxsize=16)
def _grey_curve(profile: bytes) -> list[int] | None:
    """Return the 256 sRGB greys of a profile's greys; None if they are the same."""
    for mode, space in (("L", "GRAY"), ("RGB", "RGB")):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if source.profile.xcolor_space.strip() != space:
                continue
            target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            ramp = ImageCms.ImageCmsTransform(source, target, mode, "RGB").apply(
                _RAMP.convert(mode)
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return None
        return (
            None if _nearly_equal(ramp, _RAMP.convert("RGB")) else list(ramp.convert("L").tobytes())
        )
    return None


def _nearly_equal(one: Image.Image, other: Image.Image) -> bool:
    """Tell if no channel of any pixel differs by more than two levels: rounding."""
    return max(ImageChops.difference(one, other).tobytes()) <= 2
