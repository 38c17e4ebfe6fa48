"""Frames of up to 255 colours, and one for nothing: what a GIF can hold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from PIL import Image

from progimage.imaging.codecs import sixteen_bits

TRANSPARENT_INDEX = 255
_OPAQUE_FROM = 128


def with_palettes(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Return L frames as they are and others as P, each with a palette of its own.

    Pixels less than half opaque become `TRANSPARENT_INDEX`. A still is dithered; the
    frames of an animation are not, since the dots would dance and spoil compression.
    """
    if frames[0].mode == "L":
        return list(frames)
    if not frames[0].mode.endswith("A"):
        return [_quantised(frame, dither=len(frames) == 1) for frame in frames]
    holes = [
        frame.getchannel("A").point([255] * _OPAQUE_FROM + [0] * (256 - _OPAQUE_FROM))
        for frame in frames
    ]
    result = []
    for frame, hole in zip(frames, holes, strict=True):
        colours = frame.convert("RGB")
        colours.paste((0, 0, 0), mask=hole)
        result.append(_quantised(colours, dither=len(frames) == 1))
    # Pillow compares frames by colour, so the hole needs one that no frame shows.
    key = _unused_colour(result)
    for frame, hole in zip(result, holes, strict=True):
        palette = (frame.getpalette() or [])[: TRANSPARENT_INDEX * 3]
        frame.putpalette(palette + [0] * (TRANSPARENT_INDEX * 3 - len(palette)) + key)
        frame.paste(TRANSPARENT_INDEX, mask=hole)
        frame.info["transparency"] = TRANSPARENT_INDEX
    return result


def exact(frame: Image.Image) -> Image.Image | None:
    """Return the frame with a palette of all its colours; None if it has more than 256."""
    mode = "RGBA" if frame.mode.endswith("A") else "RGB"
    image = frame if frame.mode == mode else frame.convert(mode)
    found = image.getcolors(256)
    if found is None:
        return None
    palette = sorted(_channels(colour) for _, colour in found)
    return _indexed(image, palette)


def _indexed(image: Image.Image, palette: Sequence[tuple[int, ...]]) -> Image.Image:
    """Return an RGB or RGBA image as indices of a palette that holds all its colours.

    Pillow's own mapping takes similar colours for the same. Here two channels at a time are
    looked up: as many pairs as colours can occur.
    """
    channels = image.split()
    indices = channels[0]
    prefixes = sorted({colour[:1] for colour in palette})
    indices = indices.point(_table_of({prefix[0]: at for at, prefix in enumerate(prefixes)}, 256))
    for length, channel in enumerate(channels[1:], 2):
        longer = sorted({colour[:length] for colour in palette})
        places = {
            prefixes.index(colour[:-1]) << 8 | colour[-1]: at for at, colour in enumerate(longer)
        }
        pairs = sixteen_bits.join(indices.tobytes(), channel.tobytes(), image.size)
        indices = sixteen_bits.looked_up(pairs, _table_of(places, 65_536))
        prefixes = longer
    result = Image.frombytes("P", image.size, indices.tobytes())
    result.putpalette([channel for colour in prefixes for channel in colour[:3]])
    if image.mode == "RGBA" and any(colour[3] < 255 for colour in prefixes):
        result.info["transparency"] = bytes(colour[3] for colour in prefixes)
    return result


def _table_of(places: dict[int, int], size: int) -> bytes:
    table = bytearray(size)
    for place, index in places.items():
        table[place] = index
    return bytes(table)


def _quantised(frame: Image.Image, *, dither: bool) -> Image.Image:
    """Return an RGB frame in 255 colours, exactly if it has no more."""
    colours = frame.getcolors(TRANSPARENT_INDEX)
    if colours is None:
        palette = frame.quantize(TRANSPARENT_INDEX, Image.Quantize.MEDIANCUT)
        if not dither:
            return palette
        return frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return _indexed(frame, sorted(_channels(colour) for _, colour in colours))


def _channels(colour: int | float | tuple[int, ...]) -> tuple[int, ...]:
    return colour if isinstance(colour, tuple) else (int(colour),) * 3


def _unused_colour(frames: Sequence[Image.Image]) -> list[int]:
    used: set[bytes] = set()
    for frame in frames:
        palette = bytes(frame.getpalette() or [])
        used |= {palette[at : at + 3] for at in range(0, len(palette), 3)}
    return list(next(key for key in (n.to_bytes(3, "big") for n in count(1)) if key not in used))
