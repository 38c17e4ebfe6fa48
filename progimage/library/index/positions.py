"""The position of a picture in every listing: by time of upload, the newest first.

A position is 39 bytes: the time in microseconds, counted backwards so that later pictures
sort first, in 7 bytes, then the 32 bytes of the picture's id. In keys the time is 18 octal
digits and the id 64 hexadecimal ones, which sort in the same order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

Position = bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 18
_LAST_MICROSECOND = 8**_DIGITS - 1
_TIME_BYTES = 7

LENGTH = _TIME_BYTES + 32
START: Position = bytes(LENGTH)
"""The position before all others."""
END: Position = b"\xff" * LENGTH
"""The end: after every position."""

_TEXT = re.compile(rf"([0-7]{{{_DIGITS}}})-([0-9a-f]{{64}})")


def position(created: datetime, image_id: str) -> Position:
    """Return the position of a picture."""
    return int(backwards(created), 8).to_bytes(_TIME_BYTES) + bytes.fromhex(image_id)


def start_of_older(time: datetime) -> Position:
    """Return the first position of the pictures uploaded before `time`."""
    return first_at(min(int(backwards(time), 8) + 1, _LAST_MICROSECOND))


def end_of_newer(time: datetime) -> Position:
    """Return the position that ends the pictures uploaded after `time`."""
    return first_at(int(backwards(time), 8))


def first_at(count: int) -> Position:
    """Return the first position with a count of microseconds."""
    return count.to_bytes(_TIME_BYTES) + bytes(32)


def count_of(at: Position) -> int:
    """Return the count of microseconds that a position begins with."""
    return int.from_bytes(at[:_TIME_BYTES])


def id_of(at: Position) -> str:
    """Return the id of the picture at a position."""
    return at[_TIME_BYTES:].hex()


def is_position(data: bytes) -> bool:
    """True for a value that `position` can return."""
    return len(data) == LENGTH and count_of(data) <= _LAST_MICROSECOND


def to_text(at: Position) -> str:
    """Return a position as text for a key."""
    return f"{counted(count_of(at))}-{id_of(at)}"


def from_text(text: str) -> Position | None:
    """Return the position of a text that `to_text` returned; None for any other text."""
    match = _TEXT.fullmatch(text)
    return int(match[1], 8).to_bytes(_TIME_BYTES) + bytes.fromhex(match[2]) if match else None


def backwards(time: datetime) -> str:
    """Return a time as keys begin with it: later times sort first."""
    microseconds = (time - _EPOCH) // timedelta(microseconds=1)
    return counted(_LAST_MICROSECOND - microseconds)


def counted(microseconds: int) -> str:
    """Return a count of microseconds as keys begin with it, the nearest there is."""
    return f"{min(max(microseconds, 0), _LAST_MICROSECOND):0{_DIGITS}o}"


def time_of(text: str) -> datetime:
    """Return the time of a key that begins with the result of `backwards`."""
    return _EPOCH + timedelta(microseconds=_LAST_MICROSECOND - int(text[:_DIGITS], 8))
