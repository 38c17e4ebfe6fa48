"""Interrupted removals are finished in the background."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from progimage.errors import StoreUnavailable
from progimage.server.unfinished_removals import finish_in_background

WAIT_S = 60


def test_it_goes_on_after_errors_until_it_is_over():
    results = iter([StoreUnavailable("away"), RuntimeError("unforeseen"), 2])
    is_done = threading.Event()

    def finish_removals() -> int:
        result = next(results, None)
        if result is None:
            is_done.set()
            return 0
        if isinstance(result, Exception):
            raise result
        return result

    is_over = finish_in_background(SimpleNamespace(finish_removals=finish_removals), every_s=0.001)
    assert is_done.wait(WAIT_S)
    is_over.set()
