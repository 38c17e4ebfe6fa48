"""Pauses and calls in parallel, once for threads and once for asyncio.

These are the only parts of the two clients that are written twice; the rest of
`progimage.client.blocking` is generated from `progimage.client.asynchronous`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from itertools import islice
from typing import Any, TypeVar

from progimage.client.errors import InvalidCall

T = TypeVar("T")

_stopped: ContextVar[threading.Event | None] = ContextVar("stopped", default=None)


def pause(seconds: float) -> None:
    """Wait; in a thread of `in_parallel` only until its results are no longer read.

    Raises:
        InvalidCall: the caller of `in_parallel` has stopped reading.
    """
    stopped = _stopped.get()
    if stopped is None:
        time.sleep(seconds)
    elif stopped.wait(seconds):
        raise InvalidCall("cancelled, because the caller stopped reading results")


async def async_pause(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


def in_parallel(calls: Iterable[Callable[[], T]], concurrency: int) -> Generator[T, None, None]:
    """Run calls in threads, `concurrency` at a time; yield each result when it is ready."""
    source = iter(calls)
    stopped = threading.Event()

    def run(call: Callable[[], T]) -> T:
        _stopped.set(stopped)
        return call()

    threads = ThreadPoolExecutor(concurrency, thread_name_prefix="progimage-client")
    running: set[Future[T]] = set()
    try:
        while True:
            for call in islice(source, concurrency - len(running)):
                running.add(threads.submit(run, call))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        stopped.set()
        threads.shutdown(wait=True, cancel_futures=True)


async def async_in_parallel(
    calls: Iterable[Callable[[], Coroutine[Any, Any, T]]], concurrency: int
) -> AsyncGenerator[T, None]:
    """Run calls as tasks, `concurrency` at a time; yield each result when it is ready."""
    source = iter(calls)
    running: set[asyncio.Task[T]] = set()
    try:
        while True:
            for call in islice(source, concurrency - len(running)):
                running.add(asyncio.create_task(call()))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
