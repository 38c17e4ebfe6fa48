"""The frames of an animated PNG: their order, and how they are laid over each other.

Source: PNG (third edition), 11.3.6 (animation chunks) and 13.15 (rendering).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from PIL import Image

Size = tuple[int, int]

_TO_BACKGROUND, _TO_PREVIOUS = 1, 2
_OVER = 1


@dataclass(frozen=True, slots=True)
class FrameControl:
    """Where and when a frame is shown, and what happens to it then."""

    size: Size
    offset: tuple[int, int]
    duration_ms: float
    dispose: int
    blend: int


@dataclass(slots=True)
class Animation:
    """Frames in order, each with its compressed pixels.

    `broken` says what is out of order behind the last of them, "" for nothing.
    """

    size: Size
    plays: int
    frames: list[tuple[FrameControl, list[bytes]]] = field(default_factory=list)
    broken: str = ""

    def composed(
        self, decode: Callable[[FrameControl, bytes], Image.Image | None], count: int
    ) -> Iterator[tuple[FrameControl, Image.Image]]:
        """Yield the first `count` frames as they are seen, RGBA; the caller may keep them.

        `decode` returns a frame's own pixels, or None where there are none.
        """
        canvas = Image.new("RGBA", self.size)
        for number, (control, data) in enumerate(self.frames[:count]):
            left, top = control.offset
            box = (left, top, left + control.size[0], top + control.size[1])
            dispose = control.dispose
            if number == 0 and dispose == _TO_PREVIOUS:
                dispose = _TO_BACKGROUND
            before = canvas.crop(box) if dispose == _TO_PREVIOUS else None
            image = decode(control, b"".join(data))
            if image is not None and control.blend == _OVER:
                canvas.alpha_composite(image, control.offset)
            elif image is not None:
                canvas.paste(image, control.offset)
            yield control, canvas.copy()
            if dispose == _TO_BACKGROUND:
                canvas.paste((0, 0, 0, 0), box)
            elif before is not None:
                canvas.paste(before, control.offset)


def animation(
    chunks: Iterable[tuple[bytes, bytes]], control: bytes, size: Size
) -> Animation | None:
    """Return the animation in these chunks; None if it announces no frame.

    Raises:
        ValueError: not even one frame is in order, and why; the default image is to be
            shown then.
    """
    if len(control) != 8:
        raise ValueError("its header is damaged")
    announced, plays = struct.unpack(">II", control)
    if not 1 <= announced < 2**31:
        return None
    found = Animation(size, min(plays, 65_535))
    try:
        _collect(found, chunks)
    except ValueError as error:
        found.broken = str(error)
    del found.frames[announced:]
    while found.frames and not found.frames[-1][1]:
        found.frames.pop()
    if not found.frames or any(not data for _, data in found.frames):
        raise ValueError(found.broken or "a frame has no pixels")
    missing = announced - len(found.frames)
    if missing and not found.broken:
        found.broken = f"{missing} frames are missing"
    return found


def _collect(found: Animation, chunks: Iterable[tuple[bytes, bytes]]) -> None:
    """Take the frames out of chunks in file order."""
    sequence = 0
    has_pixels = False
    for kind, data in chunks:
        if kind in (b"fcTL", b"fdAT"):
            if int.from_bytes(data[:4], "big") != sequence:
                raise ValueError("its frames are not numbered in order")
            sequence += 1
        if kind == b"acTL" and has_pixels:
            raise ValueError("its header comes behind the picture")
        if kind == b"fcTL":
            found.frames.append((_control(data, found.size), []))
        elif kind == b"fdAT" and found.frames:
            found.frames[-1][1].append(data[4:])
        elif kind == b"IDAT":
            has_pixels = True
            if found.frames and found.frames[0][0].size != found.size:
                raise ValueError("its first frame does not have the picture's size")
            if found.frames:
                found.frames[-1][1].append(data)


def _control(data: bytes, canvas: Size) -> FrameControl:
    if len(data) != 26:
        raise ValueError("a frame's header is damaged")
    _, width, height, left, top, numerator, denominator, dispose, blend = struct.unpack(
        ">IIIIIHHBB", data
    )
    if not width or not height or left + width > canvas[0] or top + height > canvas[1]:
        raise ValueError("a frame is outside of the picture")
    if dispose > _TO_PREVIOUS or blend > _OVER:
        raise ValueError("a frame's header is damaged")
    # A denominator of 0 means 100.
    duration_ms = 1000 * numerator / (denominator or 100)
    return FrameControl((width, height), (left, top), duration_ms, dispose, blend)
