"""Finishes removals of pictures that failed half-way, in the background of a web process."""

from __future__ import annotations

import threading

import structlog

from progimage.errors import StoreError
from progimage.library import Library

_EVERY_S = 10.0

log = structlog.get_logger()


def finish_in_background(library: Library, every_s: float = _EVERY_S) -> threading.Event:
    """Look for unfinished removals until the event that is returned is set."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(every_s):
            try:
                if finished := library.finish_removals():
                    log.info("removals finished that were cut short", pictures=finished)
            except StoreError as error:
                log.warning("no look for unfinished removals", reason=str(error))
            except Exception:
                log.exception("unexpected error in finishing removals")

    threading.Thread(target=run, name="unfinished removals", daemon=True).start()
    return is_over
