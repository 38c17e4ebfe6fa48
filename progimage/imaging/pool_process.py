"""The limits of one process for pictures, set by itself.

It imports nothing but the standard library: what the pool itself needs, such as the log, would
take 8 MB of memory in each process.
"""

from __future__ import annotations

import ctypes
import fcntl
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# prctl(2): the kernel sends this process the signal when its parent dies.
_PR_SET_PDEATHSIG = 1


def limit(memory_bytes: int, niceness: int) -> None:
    """Bound this worker's memory, and let cached pictures go first on a full machine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # Numpy, which decoders of some extras need, would reserve memory for a thread on each core.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(niceness)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _die_with_the_web_worker()


def _die_with_the_web_worker() -> None:
    """Have the kernel end this process when the web worker dies, also in mid-codec.

    The fork server is no help: it lives as long as any of its children. So we ask for a
    signal when the web worker's end of the pipe closes, which shows that it has died; unlike
    a thread that waits for it, a signal needs no interpreter, whose lock a codec may hold.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    if not parent.is_alive():
        os._exit(1)  # before the signal was asked for


def within(
    seconds: float, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    """Call `function`; the kernel ends this process if that takes more processor time.

    A signal needs no interpreter, whose lock a codec may hold.
    Source: setitimer(2), ITIMER_PROF; SIGPROF ends the process by default.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return function(*args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
