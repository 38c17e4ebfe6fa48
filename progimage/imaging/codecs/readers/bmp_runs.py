"""The run-length codes of BMP. Source: Microsoft, "Bitmap Compression" (RLE4, RLE8)."""

from __future__ import annotations

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2


def decode_runs(
    data: bytes, size: tuple[int, int], *, is_nibbles: bool
) -> tuple[bytearray, bytearray, int]:
    """Return palette indices, 255 for each that was written, and the rows that were reached.

    The first row comes first. Runs that end by their own mark reach all rows.
    """
    width, height = size
    pixels, drawn = bytearray(width * height), bytearray(width * height)
    x = y = position = 0
    while position + 1 < len(data) and y < height:
        count, value = data[position], data[position + 1]
        position += 2
        if count:
            run = bytes((value >> 4, value & 15)) * (count // 2 + 1) if is_nibbles else None
            run = run[:count] if run else bytes((value,)) * count
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
            continue
        elif value == _END_OF_BITMAP:
            return pixels, drawn, height
        elif value == _DELTA:
            x, y = (
                x + int.from_bytes(data[position : position + 1]),
                y + int.from_bytes(data[position + 1 : position + 2]),
            )
            position += 2
            continue
        else:
            length = (value + 1) // 2 if is_nibbles else value
            stored = data[position : position + length]
            position += length + length % 2
            run = bytes(n for b in stored for n in (b >> 4, b & 15)) if is_nibbles else stored
            run = run[:value]
        room = max(width - x, 0)
        start = y * width + x
        run = run[:room]
        pixels[start : start + len(run)] = run
        drawn[start : start + len(run)] = b"\xff" * len(run)
        x += len(run)
    return pixels, drawn, min(y + (x > 0), height)
