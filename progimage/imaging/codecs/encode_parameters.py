"""What Pillow is given to write a picture: the arguments of `Image.save`.

The defaults are chosen for pictures that are encoded while a client waits. Measured on a
photograph of 900x675: AVIF speed 9 takes 0.3 of the time of speed 8 for 5 % more bytes, PNG level
3 a third of the time of level 6 for 5 % more, and a JPEG with optimised tables 2.5 times as long
for 1 % less. Of a small JPEG the standard tables are a large part: at 100 pixels its own save 8 %,
at 300 2 %. WebP method 2 takes 0.6 of the time of methods 3 and 4, for 2 % more bytes and less
SSIM than other servers reach.
"""

from __future__ import annotations

from typing import Any

from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, GIF, ICO, JPEG, JPEG2000, JXL, PNG, TIFF, WEBP
from progimage.imaging.codecs.jpeg_tables import tables
from progimage.imaging.codecs.metadata_parameters import metadata_parameters
from progimage.imaging.codecs.own_size import is_drawing, own_source, tiff_parameters
from progimage.imaging.codecs.picture import Picture

FULL_CHROMA_QUALITY = 90
"""From here on a JPEG holds colour at full resolution."""

# 16 bits hold it (WebP container specification, "Loop Count").
_MAX_WEBP_PLAYS = 65_535
_MIN_GIF_DURATION_MS = 20
_SMALL_PIXELS = 70_000

# What renditions of working copies lose to those of originals, this gives back, for 2 to 4 %
# of the bytes; small ones lose nothing.
_MORE_WEBP_QUALITY = 0.9


def save_parameters(
    picture: Picture, form: Format, options: EncodeOptions, quality: int | None
) -> dict[str, Any]:
    """Return the arguments of `Image.save`, named as in Pillow's handbook."""
    parameters: dict[str, Any] = {}
    source = own_source(picture, form)
    if form is JPEG:
        parameters = {
            "qtables": tables(quality or 100, is_small=is_small(picture.size))[
                : 1 if picture.mode == "L" else 2
            ],
            # Colour at half resolution goes unseen in photographs at usual qualities.
            "subsampling": "4:4:4" if (quality or 0) >= FULL_CHROMA_QUALITY else "4:2:0",
            "progressive": options.progressive,
            # The tables of its source may have been optimised as well.
            "optimize": source is not None or is_small(picture.size),
        }
    elif form is PNG:
        # Drawings are much smaller with more effort, which costs little there.
        has_few_bytes = source is not None and is_drawing(picture, source)
        parameters = {"compress_level": 9 if picture.mode == "P" or has_few_bytes else 3}
    elif form is WEBP:
        # In a lossless file Pillow's quality is the effort to compress. An animation has many
        # frames to encode.
        parameters = {"quality": quality or 50, "lossless": options.lossless}
        is_quick = options.lossless or picture.is_animated
        parameters["method"] = 2 if is_quick else 3
        if quality and not (is_quick or is_small(picture.size)):
            parameters["quality"] = min(100, quality + _MORE_WEBP_QUALITY)
    elif form is JXL:
        parameters = {"quality": quality, "lossless": options.lossless}
    elif form is AVIF:
        # One thread: renders run side by side, one a core, and equal bytes are promised.
        parameters = {"quality": quality, "speed": 9, "max_threads": 1}
        if picture.is_animated:
            # Chromium takes the full range of an animation for a limited one.
            parameters["range"] = "limited"
    elif form is TIFF:
        parameters = {"compression": "tiff_adobe_deflate"}
        if source:
            parameters |= tiff_parameters(picture.frames[0], source)
    elif form is JPEG2000 and quality:
        # Decibels of PSNR: 42 shows hardly a difference, 22 hardly a picture.
        parameters = {
            "quality_mode": "dB",
            "quality_layers": [22 + 0.2 * quality],
            "irreversible": True,
        }
    elif form is ICO:
        parameters = {"sizes": [picture.size]}
    if picture.is_animated:
        parameters |= _timing(picture, form)
    return parameters | metadata_parameters(picture, form, options.metadata)


def is_small(size: tuple[int, int]) -> bool:
    """Return whether a JPEG of this size has a finer table, and Huffman tables of its own."""
    return size[0] * size[1] <= _SMALL_PIXELS


def _timing(picture: Picture, form: Format) -> dict[str, Any]:
    durations = list(picture.durations_ms)
    if form is not GIF:
        return {"duration": durations, "loop": min(picture.loop, _MAX_WEBP_PLAYS)}
    # Hundredths of a second, and browsers slow frames of less than two of them down.
    durations = [max(_MIN_GIF_DURATION_MS, round(ms / 10) * 10) for ms in durations]
    timing: dict[str, Any] = {"duration": durations}
    if picture.loop != 1:
        # A GIF counts how often it is repeated after the first time; 0 is forever.
        timing["loop"] = max(0, picture.loop - 1)
    if "transparency" in picture.frames[0].info:
        # Otherwise earlier frames would show through the holes of later ones.
        timing["disposal"] = 2
    return timing
