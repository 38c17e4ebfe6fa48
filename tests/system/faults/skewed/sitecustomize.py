"""Lets Python sleep under libfaketime.

Python itself imports this at its start. Its `time.sleep` waits for a moment of the
monotonic clock, which libfaketime 0.9.10 takes for one of the faked clock and refuses.
"""

import select
import time


def _sleep(seconds: float, /) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep
