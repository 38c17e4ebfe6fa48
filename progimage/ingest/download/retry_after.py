"""Reads the header Retry-After."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

_LONGEST_WAIT_S = 86_400


def seconds(text: str) -> int | None:
    """Return the seconds from now, from 0 to a day; None if `text` is malformed.

    Source: RFC 9110, section 10.2.3: a number of seconds, or a date.
    """
    text = text.strip()
    if text.isascii() and text.isdecimal():
        wait_s = int(text[:10])
    else:
        try:
            wait_s = int(parsedate_to_datetime(text).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None
    return min(max(wait_s, 0), _LONGEST_WAIT_S)
