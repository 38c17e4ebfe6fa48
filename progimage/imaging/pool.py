"""Killable worker processes for everything that touches hostile pixels.

A codec that crashes, hangs or eats memory costs one request an error and
nothing else: its process is killed and another takes its place.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from progimage.errors import Overloaded, RenderFailed, RenderTimeout

P = ParamSpec("P")
T = TypeVar("T")

# prctl(2): the kernel sends this process the signal when its parent dies.
_PR_SET_PDEATHSIG = 1

_PRELOADED = ["progimage.imaging.facts", "progimage.imaging.render"]


class RenderPool:
    """Processes that run imaging functions under hard limits of time and memory."""

    def __init__(
        self, *, workers: int, timeout_s: float, memory_bytes: int, tasks: int, niceness: int = 0
    ) -> None:
        self._timeout_s = timeout_s
        self._options = {"max_workers": workers, "max_tasks": tasks}
        self._initargs = (memory_bytes, niceness)
        self._pool: ProcessPool | None = None
        self._pid = 0
        self._lock = threading.Lock()
        self._running_calls: set[ProcessFuture[Any]] = set()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `function(*args, **kwargs)`, computed in a worker process.

        What the function raises is raised here. The time a call waits for a free
        worker does not count towards its limit.

        Raises:
            RenderTimeout: it took longer than `timeout_s` and was killed.
            RenderFailed: its process crashed or ran out of memory.
        """
        future = self._running().schedule(
            function, args=list(args), kwargs=dict(kwargs), timeout=self._timeout_s
        )
        self._running_calls.add(future)
        try:
            return future.result()
        except FutureTimeout:
            raise RenderTimeout(
                f"the picture took longer than {self._timeout_s:g} s to process and was given up; "
                "try a smaller picture or fewer steps"
            ) from None
        except ProcessExpired:
            raise RenderFailed(
                "the picture crashed its decoder or encoder; it may be damaged or hostile"
            ) from None
        except MemoryError:
            raise RenderFailed(
                "the picture needs more memory than one render may use; try a smaller one"
            ) from None
        except CancelledError:
            raise Overloaded("the server is stopping; try again") from None
        finally:
            self._running_calls.discard(future)

    def close(self) -> None:
        """Stop the workers at once; calls still running raise `Overloaded`."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._pid == os.getpid():
            pool.stop()
            pool.join()
            # Pebble forgets the calls whose workers it stopped; they would wait for ever.
            for future in list(self._running_calls):
                future.cancel()

    def _running(self) -> ProcessPool:
        """Start the pool on first use: in the web worker, after gunicorn has forked it."""
        with self._lock:
            if self._pool is None or self._pid != os.getpid():
                # Forking a process that runs threads copies their locks; the fork
                # server has none. It imports the codecs once for all workers.
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(_PRELOADED)
                self._pool = ProcessPool(
                    **self._options, context=context, initializer=_limit, initargs=self._initargs
                )
                self._pid = os.getpid()
            return self._pool


def _limit(memory_bytes: int, niceness: int) -> None:
    """Bound this worker's memory, and let cached pictures go first on a full machine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(niceness)
    if sys.platform == "linux":
        # Also a worker that hangs in a codec must not outlive its web worker.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
