"""Keeps gunicorn's master running where plain gunicorn ends it together with all workers.

    no worker can be forked        out of memory, of processes or of descriptors
    a worker cannot start          the store does not answer at the moment
    no file for signs of life      its folder, /dev/shm or TMPDIR, is missing or full

The first workers of a server still end it, so that an operator sees at once what is wrong. A
worker that takes the place of another is tried again every second.

Source: gunicorn/arbiter.py, spawn_worker and reap_workers; gunicorn/workers/workertmp.py.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers import base
from gunicorn.workers.workertmp import WorkerTmp

PAUSE_S = 1.0

# Any exit code but those by which gunicorn's master learns that it should end.
_TRY_AGAIN = 1


class Heartbeat(WorkerTmp):  # type: ignore[misc] # gunicorn has no types
    """The file whose time shows that a worker is alive; in memory if the system can do that."""

    def __init__(self, cfg: Any) -> None:
        with suppress(AttributeError, OSError):  # only Linux has it; a sandbox may forbid it
            self._tmp = os.fdopen(os.memfd_create("heartbeat"), "w+b", 0)
            return
        super().__init__(cfg)


def keep_alive(master: Any) -> None:
    """Make the master try again instead of ending when it cannot replace a worker."""
    vars(base)["WorkerTmp"] = Heartbeat
    spawn = master.spawn_worker
    fatal = (master.WORKER_BOOT_ERROR, master.APP_LOAD_ERROR)

    def spawn_or_try_again() -> Any:
        is_replacement = master.worker_age >= master.num_workers
        try:
            return spawn()
        except (OSError, RuntimeError) as error:
            # In the master; its loop comes back in a second.
            if not is_replacement:
                raise
            master.log.warning("a web process cannot be started, trying again: %s", error)
        except SystemExit as end:
            # In the worker.
            if not (is_replacement and end.code in fatal):
                raise
            time.sleep(PAUSE_S)
            raise SystemExit(_TRY_AGAIN) from None

    master.spawn_worker = spawn_or_try_again
