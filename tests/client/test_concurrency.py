"""Calls that run at the same time."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing

import pytest

from progimage.client.concurrency import async_in_parallel, in_parallel, pause
from progimage.client.errors import InvalidCall


def test_every_result_comes_once():
    calls = [lambda number=number: number for number in range(20)]
    assert sorted(in_parallel(calls, 3)) == list(range(20))


def test_no_more_calls_run_than_were_allowed():
    running, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1

    assert len(list(in_parallel([call] * 30, 2))) == 30
    assert most <= 2


def test_an_error_of_a_call_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(in_parallel([lambda: 1 // 0], 2))


def test_a_pause_ends_when_results_are_no_longer_read():
    ended, begun = [], threading.Event()

    def waits() -> None:
        begun.set()
        try:
            pause(3_600)
        except InvalidCall:
            ended.append(True)

    with closing(in_parallel([lambda: begun.wait(60), waits], 2)) as results:
        next(results)
    assert ended == [True]


def test_tasks_are_cancelled_when_results_are_no_longer_read():
    cancelled = []

    async def waits() -> None:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def quick() -> int:
        await asyncio.sleep(0)
        return 7

    async def main() -> None:
        results = async_in_parallel([waits, quick], 2)
        assert await anext(results) == 7
        await results.aclose()

    asyncio.run(main())
    assert cancelled == [True]
