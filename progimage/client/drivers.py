"""Running the calls: blocking with `Sync`, under asyncio with `Async`.

These two classes are all that differs between the two clients.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import httpx

from progimage.client.effects import Answer, Ask, Effect, Emit, Pause, Stream, Talk
from progimage.client.errors import InvalidCall, TimedOut, UnexpectedAnswer, Unreachable
from progimage.client.session import Session

T = TypeVar("T")

# Each yields its results as they come, at most so many under way at a time.
Batch = tuple[Iterable[Callable[[], Talk[T]]], int]


class Sync:
    """Runs calls with a blocking client; threads may share it."""

    def __init__(self, http: httpx.Client, session: Session) -> None:
        self.http = http
        self.session = session

    def run(self, talk: Talk[T], stop: threading.Event | None = None) -> T:
        """Run a call to its end; `stop` cuts its pauses short, and it gives up."""
        try:
            effect = next(talk)
            while True:
                try:
                    outcome = self._perform(effect, stop)
                except (Unreachable, UnexpectedAnswer, InvalidCall) as error:
                    effect = talk.throw(error)
                else:
                    effect = talk.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            talk.close()

    def stream(self, talk: Stream[T]) -> Iterator[T]:
        """Yield what a call emits, as it does."""
        step: Callable[[], Effect | Emit[T]] = functools.partial(next, talk)
        try:
            while True:
                try:
                    effect = step()
                except StopIteration:
                    return
                if isinstance(effect, Emit):
                    yield effect.item
                    step = functools.partial(next, talk)
                    continue
                try:
                    step = functools.partial(talk.send, self._perform(effect))
                except (Unreachable, UnexpectedAnswer, InvalidCall) as error:
                    step = functools.partial(talk.throw, error)
        finally:
            talk.close()

    def batch(self, batch: Batch[T]) -> Iterator[T]:
        """Yield the results of many calls as they come."""
        talks, concurrency = batch
        source = iter(talks)
        threads = ThreadPoolExecutor(concurrency, thread_name_prefix="progimage-client")
        under_way: set[Future[T]] = set()
        stop = threading.Event()
        try:
            while True:
                for talk in _up_to(concurrency - len(under_way), source):
                    under_way.add(threads.submit(lambda make: self.run(make(), stop), talk))
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            stop.set()
            threads.shutdown(wait=True, cancel_futures=True)

    def _perform(self, effect: Effect, stop: threading.Event | None = None) -> Answer | None:
        if isinstance(effect, Pause):
            if stop is None:
                time.sleep(effect.seconds)
            elif stop.wait(effect.seconds):
                raise InvalidCall("given up, since nobody waits for it any more")
            return None
        try:
            with self.http.stream(**_request(effect)) as response:
                if effect.sink is None or not response.is_success:
                    return _answer(response, response.read())
                for piece in response.iter_bytes():
                    effect.sink.write(piece)
                return _answer(response, b"")
        except httpx.HTTPError as error:
            raise _translated(error) from error
        except httpx.InvalidURL as error:
            raise InvalidCall(str(error)) from error


class Async:
    """Runs calls with a client of asyncio.

    Reading a picture's file and writing a download block the loop for as long as the
    disk needs for a few dozen KiB.
    """

    def __init__(self, http: httpx.AsyncClient, session: Session) -> None:
        self.http = http
        self.session = session

    async def run(self, talk: Talk[T]) -> T:
        """Run a call to its end."""
        try:
            effect = next(talk)
            while True:
                try:
                    outcome = await self._perform(effect)
                except (Unreachable, UnexpectedAnswer, InvalidCall) as error:
                    effect = talk.throw(error)
                else:
                    effect = talk.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            talk.close()

    async def stream(self, talk: Stream[T]) -> AsyncIterator[T]:
        """Yield what a call emits, as it does."""
        step: Callable[[], Effect | Emit[T]] = functools.partial(next, talk)
        try:
            while True:
                try:
                    effect = step()
                except StopIteration:
                    return
                if isinstance(effect, Emit):
                    yield effect.item
                    step = functools.partial(next, talk)
                    continue
                try:
                    step = functools.partial(talk.send, await self._perform(effect))
                except (Unreachable, UnexpectedAnswer, InvalidCall) as error:
                    step = functools.partial(talk.throw, error)
        finally:
            talk.close()

    async def batch(self, batch: Batch[T]) -> AsyncIterator[T]:
        """Yield the results of many calls as they come."""
        talks, concurrency = batch
        source = iter(talks)
        under_way: set[asyncio.Task[T]] = set()
        try:
            while True:
                for talk in _up_to(concurrency - len(under_way), source):
                    under_way.add(asyncio.create_task(self.run(talk())))
                if not under_way:
                    return
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _perform(self, effect: Effect) -> Answer | None:
        if isinstance(effect, Pause):
            await asyncio.sleep(effect.seconds)
            return None
        try:
            async with self.http.stream(**_request(effect)) as response:
                if effect.sink is None or not response.is_success:
                    return _answer(response, await response.aread())
                async for piece in response.aiter_bytes():
                    effect.sink.write(piece)
                return _answer(response, b"")
        except httpx.HTTPError as error:
            raise _translated(error) from error
        except httpx.InvalidURL as error:
            raise InvalidCall(str(error)) from error


M = TypeVar("M", Sync, Async)


def _up_to(count: int, source: Iterable[T]) -> Iterator[T]:
    for _, item in zip(range(count), source, strict=False):
        yield item


def _request(ask: Ask) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": ask.method,
        "url": ask.path,
        "headers": dict(ask.headers),
    }
    if ask.parameters:
        request["params"] = list(ask.parameters)
    if ask.file is not None:
        name, data = ask.file
        request["files"] = [("image", (name or "image", data, "application/octet-stream"))]
        request["data"] = dict(ask.fields)
    elif ask.json is not None:
        request["json"] = ask.json
    elif ask.content is not None:
        request["content"] = ask.content
    return request


def _answer(response: httpx.Response, body: bytes) -> Answer:
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)


def _translated(error: httpx.HTTPError) -> Unreachable | UnexpectedAnswer | InvalidCall:
    """Return our error for one of httpx."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return InvalidCall(str(error))
    if not isinstance(error, httpx.TransportError):
        return UnexpectedAnswer(str(error))
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else Unreachable
    ours = kind(str(error) or type(error).__name__)
    ours.is_before_sending = isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
    )
    return ours
