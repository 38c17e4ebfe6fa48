"""Times in the answers of S3, read by Python itself.

botocore parses every time with dateutil, and a listing has one for every key: that takes two
thirds of the processor time of a listing.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.session
from botocore.utils import parse_timestamp


def session() -> botocore.session.Session:
    """Return a session of botocore whose clients read times by `read_time`."""
    made = botocore.session.get_session()
    parsers = made.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=read_time)
    return made


def read_time(value: Any) -> datetime:
    """Return the time that botocore would, sooner where it is in a form that S3 uses.

    These are ISO 8601 in documents and RFC 9110's (section 5.6.7) in headers.

    Raises:
        ValueError: the text is not a time.
    """
    if isinstance(value, str):
        read = datetime.fromisoformat if value[:4].isdecimal() else parsedate_to_datetime
        try:
            time = read(value)
        except ValueError:
            return parse_timestamp(value)
        if time.tzinfo is not None:
            return time
    return parse_timestamp(value)
