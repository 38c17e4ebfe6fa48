"""From the decompressed samples of a TIFF to channels that Pillow holds.

Source: TIFF 6.0, sections 8 (bits per sample), 15 (tiles), 19 (sample format).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs import libtiff
from progimage.imaging.codecs.readers import tiff_tags as tag
from progimage.imaging.codecs.readers.tiff_tags import Tags

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
_ARRAYS = {
    (16, UNSIGNED): "H",
    (32, UNSIGNED): "I",
    (16, SIGNED): "h",
    (32, SIGNED): "i",
    (32, FLOAT): "f",
    (64, FLOAT): "d",
}
_PACKED = tuple(bits for bits in range(1, 16) if bits != 8)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a page are stored."""

    size: tuple[int, int]
    bits: int
    kind: int
    samples: int
    is_planar: bool
    tile: tuple[int, int] | None
    rows_per_strip: int

    @property
    def pieces(self) -> tuple[int, int]:
        """Strips or tiles across and down, of one plane."""
        width, height = self.tile or (self.size[0], self.rows_per_strip)
        return -(-self.size[0] // width), -(-self.size[1] // height)


def layout(tags: Tags) -> Layout:
    """Return the layout that the tags describe.

    Raises:
        CorruptPicture: it makes no sense, or is one that is not read.
    """
    size = tags.number(tag.WIDTH, 0), tags.number(tag.HEIGHT, 0)
    all_bits = set(tags.numbers(tag.BITS)) or {1}
    kinds = set(tags.numbers(tag.FORMAT)) or {UNSIGNED}
    bits, kind = all_bits.pop(), kinds.pop()
    kind = UNSIGNED if kind == 4 else kind
    samples = tags.number(tag.SAMPLES, 1)
    tile = None
    if tag.TILE_WIDTH in tags.values:
        tile = tags.number(tag.TILE_WIDTH, 0), tags.number(tag.TILE_HEIGHT, 0)
    rows = min(tags.number(tag.ROWS_PER_STRIP, size[1]), size[1])
    is_known = (bits, kind) in _ARRAYS or (bits == 16 and kind == FLOAT)
    # Bytes declared as signed are greys from 0 to 255 all the same.
    is_known = is_known or bits == 8 or (kind == UNSIGNED and bits in _PACKED)
    if all_bits or kinds or not is_known or not 1 <= samples <= 16 or not rows or min(size) < 1:
        raise CorruptPicture(
            f"a TIFF with samples of {bits} bits in this layout is not read; "
            "save it with 8 or 16 bits a sample"
        )
    if tile and (min(tile) < 1 or max(tile) > 65_536):
        raise CorruptPicture("the TIFF's tiles have a size that cannot be")
    return Layout(size, bits, kind, samples, tags.number(tag.PLANAR, 1) == 2, tile, rows)


def channels(page: libtiff.Page, form: Layout) -> tuple[list[Image.Image], Image.Image | None]:
    """Return one image a sample, L, I;16, I or F, and a mask of what is missing.

    Raises:
        CorruptPicture: libtiff is missing.
    """
    planes = form.samples if form.is_planar else 1
    across, down = form.pieces
    width, height = form.size
    piece_width, piece_height = form.tile or (width, form.rows_per_strip)
    strips = libtiff.Strips(form.tile is not None, across * down, planes, piece_height, height)
    pieces = libtiff.decompressed(page, strips)
    if pieces is None:
        raise CorruptPicture("this kind of TIFF is not read here; save it with 8 bits a sample")
    per_pixel = 1 if form.is_planar else form.samples
    stride = (piece_width * per_pixel * form.bits + 7) // 8
    gaps = Image.new("L", form.size)
    found: list[Image.Image] = []
    for plane in range(planes):
        targets: list[Image.Image] = []
        for number in range(across * down):
            left, top = number % across * piece_width, number // across * piece_height
            rows = piece_height if form.tile else min(piece_height, height - top)
            data = pieces[plane * across * down + number]
            parts = _unpacked(data, (piece_width, rows), per_pixel, form)
            if not targets:
                targets = [Image.new(part.mode, form.size) for part in parts]
            for target, part in zip(targets, parts, strict=True):
                target.paste(part, (left, top))
            if (known := len(data) // stride) < rows:
                gaps.paste(255, (left, top + known, left + piece_width, top + rows))
        found += targets
    return found, gaps if gaps.getbbox() else None


def _unpacked(
    data: bytes, size: tuple[int, int], per_pixel: int, form: Layout
) -> list[Image.Image]:
    """Take the samples of one piece apart; what is missing of it is 0."""
    width, rows = size
    stride = (width * per_pixel * form.bits + 7) // 8
    data = data[: stride * rows].ljust(stride * rows, b"\0")
    if form.bits == 8:
        return [Image.frombytes("L", size, data[at::per_pixel]) for at in range(per_pixel)]
    if form.bits in _PACKED:
        values: Sequence[int] = _bits(data, stride, width * per_pixel, form.bits)
        top = (1 << form.bits) - 1
        wide = array("H", [value * 65_535 // top for value in values])
        return [_image("I;16", size, wide[at::per_pixel]) for at in range(per_pixel)]
    if form.kind == FLOAT and form.bits == 16:
        floats = array("f", struct.unpack(f"{len(data) // 2}e", data))
        return [_image("F", size, floats[at::per_pixel]) for at in range(per_pixel)]
    numbers = array(_ARRAYS[form.bits, form.kind], data)
    return [_of_numbers(numbers[at::per_pixel], size, form) for at in range(per_pixel)]


def _of_numbers(
    numbers: array[int] | array[float], size: tuple[int, int], form: Layout
) -> Image.Image:
    if form.kind == FLOAT:
        return _image("F", size, array("f", numbers) if form.bits == 64 else numbers)
    if form.kind == SIGNED:
        return _image("I", size, array("i", numbers) if form.bits == 16 else numbers)
    if form.bits == 32:
        # Only the lower half is used.
        halves = memoryview(numbers.tobytes()).cast("H")
        return _image("I;16", size, array("H", halves[sys.byteorder == "little" :: 2].tolist()))
    return _image("I;16", size, numbers)


def _image(mode: str, size: tuple[int, int], numbers: array[int] | array[float]) -> Image.Image:
    if mode == "I;16" and sys.byteorder == "big":
        numbers.byteswap()
    return Image.frombytes(mode, size, numbers.tobytes())


def _bits(data: bytes, stride: int, per_row: int, bits: int) -> list[int]:
    """Return samples that are not whole bytes, the first in the highest bits of each row."""
    # Eight samples are always whole bytes; shifts of a whole row would be slow.
    group, top = bits, (1 << bits) - 1
    shifts = range(group * 8 - bits, -1, -bits)
    values = []
    for start in range(0, len(data), stride):
        line = data[start : start + stride].ljust(-(-stride // group) * group, b"\0")
        row: list[int] = []
        for at in range(0, len(line), group):
            number = int.from_bytes(line[at : at + group], "big")
            row += [number >> shift & top for shift in shifts]
        values += row[:per_row]
    return values
