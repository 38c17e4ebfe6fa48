"""Killable worker processes for everything that touches hostile pixels.

A codec that crashes, hangs or eats memory costs one request an error and
nothing else: its process is killed and another takes its place.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from progimage.errors import Overloaded, RenderFailed, RenderTimeout
from progimage.imaging import fork_server
from progimage.imaging.pool_process import limit, within

P = ParamSpec("P")
T = TypeVar("T")

# How often a call is repeated because the pool broke.
_ATTEMPTS = 3
# How long the first process of a pool may take to begin with a call.
_FIRST_START_S = 60.0
_LOOK_EVERY_S = 1.0

_RETRY_AFTER_S = 10

# So often a call may be interrupted by the machine; then it is given up.
_INTERRUPTIONS = 2

# The kernel kills by SIGKILL for lack of memory, and by SIGBUS where a mapped file cannot
# be read. When it kills the fork server, its processes die with it, and multiprocessing
# gives each of them the exit code 255 (popen_forkserver.Popen.poll).
_KILLED = (-signal.SIGKILL, -signal.SIGBUS, 255)

# All that the processes need, so that they import nothing: that takes 0.13 s of processor time.
_PRELOADED = [
    "pebble",
    within.__module__,
    "progimage.imaging.inspection",
    "progimage.imaging.pyramids.building",
    "progimage.imaging.pyramids.rendering",
    "progimage.imaging.render",
]

log = structlog.get_logger()


class _InterruptedError(Exception):
    """The machine, and not the picture, ended a call."""


class RenderPool:
    """Processes that run imaging functions under hard limits of time and memory.

    Args:
        workers: how many processes.
        timeout_s: the most processor time of a call.
        wall_timeout_s: the longest that a call may last by the clock; three times as long if
            not given.
        memory_bytes: the most address space of a process.
        tasks: calls after which a process is replaced.
        niceness: how far the processes step back for others, 0 to 19.
        turn: returns a context in which a call may use the processes; entering it may wait.
        make_folder: makes the folder for the socket by which processes are started. If it is
            not given, multiprocessing makes and removes one.

    Attributes:
        start_s: how long a process may take to begin with a call.
    """

    def __init__(
        self,
        *,
        workers: int,
        timeout_s: float,
        memory_bytes: int,
        tasks: int,
        niceness: int = 0,
        wall_timeout_s: float | None = None,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
        make_folder: Callable[[], Path] | None = None,
    ) -> None:
        self.start_s = 10.0
        self._workers = workers
        self._timeout_s = timeout_s
        self._wall_timeout_s = wall_timeout_s or 3 * timeout_s
        self._tasks = tasks
        self._initargs = (memory_bytes, niceness)
        self._turn = turn
        self._make_folder = make_folder
        self._pool: ProcessPool | None = None
        self._pid = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._calls: set[ProcessFuture[Any]] = set()
        self._has_begun = False

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `function(*args, **kwargs)`, computed in a worker process.

        What the function raises is raised here. The time a call waits for a free
        worker does not count towards its limits.

        Raises:
            RenderTimeout: it took more than `timeout_s` of processor time and was killed.
            RenderFailed: its process crashed or passed its limit of memory.
            Overloaded: it lasted too long by the clock without taking so much processor
                time, since the machine is busy; the machine killed its process or failed
                to read, twice; no process can be started; or the pool was closed, or had
                to start again, meanwhile.
        """
        with self._turn():
            return self._run(function, *args, **kwargs)

    def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        interruptions = 0
        for _ in range(_ATTEMPTS):
            try:
                pool = self._running()
                future: ProcessFuture[T] = pool.schedule(
                    within,
                    args=[self._timeout_s, function, args, kwargs],
                    timeout=self._wall_timeout_s,
                )
            except RuntimeError:
                continue  # it broke, or was closed, since
            except OSError as error:
                log.warning("no process for pictures can be started", reason=str(error))
                raise Overloaded(
                    "the processes that work on pictures cannot be started; try again later",
                    _RETRY_AFTER_S,
                ) from error
            self._calls.add(future)
            try:
                return self._result(future, pool)
            except BrokenProcessPool:
                continue
            except _InterruptedError as error:
                interruptions += 1
                log.warning("work on a picture was interrupted", reason=str(error))
                if interruptions == _INTERRUPTIONS:
                    raise Overloaded(
                        "this machine interrupted the work on the picture, for lack of memory or "
                        "by a fault of a disk; try again later",
                        _RETRY_AFTER_S,
                    ) from None
            finally:
                self._calls.discard(future)
        raise Overloaded(
            "the processes that work on pictures broke several times; try again later",
            _RETRY_AFTER_S,
        )

    def close(self) -> None:
        """Stop the workers at once and for good; calls still running raise `Overloaded`."""
        with self._lock:
            self._is_closed = True
            pool, self._pool = self._pool, None
        if pool is not None and self._pid == os.getpid():
            pool.stop()
            pool.join()
            self._cancel_calls()

    def _result(self, future: ProcessFuture[T], pool: ProcessPool) -> T:
        try:
            return self._awaited(future, pool)
        except ProcessExpired as error:
            if error.exitcode == -signal.SIGPROF:
                raise RenderTimeout(
                    f"the picture takes more than {self._timeout_s:g} s of processor time; "
                    "try a smaller picture or fewer steps"
                ) from None
            if error.exitcode in _KILLED:
                # It may have held a lock of the pool, for which the others would wait a minute.
                self._give_up(pool)
                raise _InterruptedError(
                    f"its process ended with exit code {error.exitcode}"
                ) from None
            raise RenderFailed(
                "the picture crashed its decoder or encoder; it may be damaged or hostile"
            ) from None
        except OSError as error:
            if isinstance(error, FileNotFoundError) or error.errno is None:
                raise
            raise _InterruptedError(errno.errorcode.get(error.errno, "unknown")) from None
        except MemoryError:
            raise RenderFailed(
                "the picture needs more memory than one render may use; try a smaller one"
            ) from None
        except CancelledError:
            if self._is_closed:
                raise Overloaded("the server is stopping; try again") from None
            raise BrokenProcessPool from None

    def _awaited(self, future: ProcessFuture[T], pool: ProcessPool) -> T:
        """Return the result of a call, and give up its pool if no process begins with it.

        Raises:
            BrokenProcessPool: the pool was given up.
        """
        now = time.monotonic()
        # All that may be before this call, at their slowest, and a while to start workers.
        patience_s = self._wall_timeout_s * (len(self._calls) / self._workers + 1) + self.start_s
        deadline, idle_since = now + patience_s, now
        while True:
            try:
                return future.result(_LOOK_EVERY_S)
            except FutureTimeout:
                if future.done():
                    raise Overloaded(
                        "the server is busy: the picture was not ready within "
                        f"{self._wall_timeout_s:g} s; try again",
                        _RETRY_AFTER_S,
                    ) from None
            now = time.monotonic()
            if any(call.running() for call in self._calls.copy()):
                self._has_begun, idle_since = True, now
            if now - idle_since > (self.start_s if self._has_begun else _FIRST_START_S):
                log.warning("the processes that work on pictures hang and are started again")
                self._give_up(pool)
                raise BrokenProcessPool
            if now > deadline:
                self._give_up(pool)
                raise Overloaded("the processes that work on pictures hang; try again")

    def _running(self) -> ProcessPool:
        """Return the pool, started on first use: after gunicorn has forked the web worker.

        Pebble's pool breaks for good when an idle worker, or the fork server, is killed
        (by the kernel, short of memory, most of all); another takes its place.
        """
        with self._lock:
            if self._is_closed:
                raise Overloaded("the server is stopping; try again")
            pool = self._pool if self._pid == os.getpid() else None
            if pool is not None and not (pool.active and fork_server.can_start_processes()):
                _stop_in_background(pool)
                pool = None
            if pool is None:
                if self._make_folder is not None:
                    fork_server.prepare(self._make_folder)
                fork_server.skip_main_script()
                # Forking a process that runs threads copies their locks; the fork
                # server has none. It imports the codecs once for all workers.
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(_PRELOADED)
                pool = ProcessPool(
                    max_workers=self._workers,
                    max_tasks=self._tasks,
                    context=context,
                    initializer=limit,
                    initargs=self._initargs,
                )
                self._pool, self._pid = pool, os.getpid()
            return pool

    def _give_up(self, pool: ProcessPool) -> None:
        """Abandon a pool that hangs, for example because a lock was never released."""
        with self._lock:
            if self._pool is not pool:
                return
            self._pool = None
        _stop_in_background(pool)
        self._cancel_calls()

    def _cancel_calls(self) -> None:
        # Pebble forgets the calls whose workers it stopped; they would wait for ever.
        for future in self._calls.copy():
            future.cancel()


def _stop_in_background(pool: ProcessPool) -> None:
    """Stop a broken pool's workers in a thread, since that may never end."""

    def stop() -> None:
        pool.stop()
        pool.join()

    threading.Thread(target=stop, name="stop broken pool", daemon=True).start()
