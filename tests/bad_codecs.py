"""What a hostile picture can make a codec do, for real; run in worker processes by name."""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from pebble.pool.channel import WorkerChannel


def answer(value: object) -> object:
    """Return what it is given."""
    return value


def pid() -> int:
    """Return the worker's process id."""
    return os.getpid()


def parent_pid() -> int:
    """Return the process id of what started the worker."""
    return os.getppid()


def kill_self() -> None:
    """End as by the kernel's hand, short of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_self_with_the_lock() -> None:
    """End in the moment in which the process takes its next call from the pool."""
    [channel] = [found for found in gc.get_objects() if isinstance(found, WorkerChannel)]
    channel.mutex.acquire()
    kill_self()


def lose_file() -> None:
    """End as by a read of a mapped file whose disk failed: SIGBUS."""
    os.kill(os.getpid(), signal.SIGBUS)


def kill_fork_server() -> None:
    """Kill the process that started this one, which ends with it."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def fail_to_read() -> None:
    """Fail as a disk does: EIO."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def once(path: str, fault: Callable[[], None]) -> str:
    """Meet the fault unless the file is there; it is from then on."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        fault()
    return "done"


def crash(*_: object) -> None:
    """Read address zero, as a broken decoder would: SIGSEGV."""
    ctypes.string_at(0)


def spin(*_: object) -> None:
    """Compute for ever."""
    while True:
        pass


def wait_without_work(seconds: float) -> None:
    """Take time by the clock and hardly any processor time, as on a busy machine."""
    time.sleep(seconds)


def work(seconds: float) -> None:
    """Take so much processor time, then come back."""
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass


def hang(*_: object) -> None:
    """Never come back from C."""
    ctypes.CDLL(None).pause()


def gorge(*_: object) -> int:
    """Take memory until there is none."""
    pieces = []
    while True:
        pieces.append(bytes(64 << 20))


def fail(*_: object) -> None:
    """Raise an error of another library."""
    raise ZeroDivisionError("in the worker")


def nap(seconds: float) -> None:
    """Take a while."""
    time.sleep(seconds)
