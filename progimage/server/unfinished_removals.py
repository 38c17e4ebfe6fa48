"""Finishes interrupted removals of pictures, in the background of a web process."""

from __future__ import annotations

import threading

import structlog

from progimage.errors import StoreError
from progimage.library import Library

_EVERY_S = 10.0

log = structlog.get_logger()


def finish_in_background(library: Library, every_s: float = _EVERY_S) -> threading.Event:
    """Finish removals every `every_s` seconds until the returned event is set."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(every_s):
            try:
                if finished := library.finish_removals():
                    log.info("finished interrupted removals", pictures=finished)
            except StoreError as error:
                log.warning("could not look for unfinished removals", reason=str(error))
            except Exception:
                log.exception("unexpected error while finishing removals")

    threading.Thread(target=run, name="unfinished removals", daemon=True).start()
    return is_over
