"""Sends events in the background: of all processes, one for each receiver.

The process that holds a receiver's lease sends the events that are due, several at a time. Other
processes take over the lease if it dies. If a process dies after it has sent an event and before
it could record that, the event is sent again, with the same id.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import structlog

from progimage.errors import StoreError
from progimage.jobs.leases import Leases
from progimage.stores import ObjectStore
from progimage.telemetry import metrics
from progimage.webhooks import keys
from progimage.webhooks.endpoint import Endpoint
from progimage.webhooks.queue import Queue
from progimage.webhooks.recovery import Recoverer
from progimage.webhooks.turn import Turn

DELAYS_S = (10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400)
"""Pauses before each further try; after the last one an event is given up."""

# A tenth more or less, so that events that failed together are not sent together again.
_JITTER = 0.1

_LISTED = 1_000
_BATCHES = 16
_TRIM_EVERY_S = 60.0

log = structlog.get_logger()


class Sender:
    """Sends the events of one receiver.

    Args:
        most: events that may wait.
        concurrent: events at a time.
        poll_s: between two looks for events of other processes.
        seconds: monotonic seconds.
        pause_s: between two listings of the queue, so that many changes do not each cause one.
    """

    def __init__(
        self,
        store: ObjectStore,
        queue: Queue,
        endpoint: Endpoint,
        leases: Leases,
        *,
        most: int,
        concurrent: int,
        poll_s: float,
        seconds: Callable[[], float] = time.monotonic,
        pause_s: float = 1.0,
    ) -> None:
        self._queue = queue
        self._endpoint = endpoint
        self._turn = Turn(store, leases, keys.lease(queue.hook))
        self._most = most
        self._concurrent = concurrent
        self._poll_s = poll_s
        self._seconds = seconds
        self._pause_s = pause_s
        self._next_trim = 0.0
        self._has_news = threading.Event()
        self._is_stopping = threading.Event()

    def work(self) -> bool:
        """Send a batch of the events that are due; return True if there may be more."""
        if not self._turn.take():
            metrics.webhook_waiting(self._queue.hook, 0)  # another process counts
            return False
        listed = list(islice(self._queue.waiting(), _LISTED))
        if len(listed) < _LISTED:
            metrics.webhook_waiting(self._queue.hook, len(listed))
        if self._seconds() >= self._next_trim:
            self._trim()
        due = [key for key in listed if self._queue.is_due(key)]
        due = due[: self._concurrent * _BATCHES]
        with ThreadPoolExecutor(self._concurrent, thread_name_prefix="webhook") as threads:
            list(threads.map(self._deliver, due))
        return bool(due)

    def run(self) -> None:
        """Send until `begin_to_stop`."""
        while not self._is_stopping.is_set():
            self._has_news.clear()
            looked = time.monotonic()
            try:
                has_more = self.work()
            except StoreError as error:
                log.warning("events could not be read", hook=self._queue.hook, reason=str(error))
                has_more = False
            except Exception:
                log.exception("unexpected error in sending events", hook=self._queue.hook)
                has_more = False
            if not has_more:
                self._has_news.wait(self._poll_s)
                pause_s = min(self._pause_s, self._poll_s)
                self._is_stopping.wait(looked + pause_s - time.monotonic())
        self._turn.release()

    @property
    def hook(self) -> str:
        """The name of the receiver."""
        return self._queue.hook

    def wake(self) -> None:
        """Look for a new event, if this process is the one that sends."""
        if self._turn.is_held:
            self._has_news.set()

    def begin_to_stop(self) -> None:
        """Send nothing more. May be called from a signal handler."""
        self._is_stopping.set()
        self._has_news.set()

    def renew(self) -> None:
        """Renew the lease, if this process has it."""
        self._turn.renew()

    def _trim(self) -> None:
        self._next_trim = self._seconds() + _TRIM_EVERY_S
        waiting, given_up = self._queue.trim(self._most)
        metrics.webhook_waiting(self._queue.hook, waiting)
        if given_up:
            metrics.webhook_events(self._queue.hook, "given_up", given_up)
            log.error("too many events wait", hook=self._queue.hook, given_up=given_up)

    def _deliver(self, key: str) -> None:
        """Send one event, and store the result."""
        if self._is_stopping.is_set() or not self._turn.is_held:
            return
        event = self._queue.read(key)
        if event is None:
            return
        hook = self._queue.hook
        sent = self._endpoint.send(event.id, event.payload)
        if not sent.error:
            metrics.webhook_events(hook, "sent")
            self._queue.remove(key)
            return
        attempts = event.attempts + 1
        event = event.model_copy(update={"attempts": attempts, "error": sent.error})
        if sent.is_final or attempts > len(DELAYS_S):
            metrics.webhook_events(hook, "given_up")
            log.error("event given up", hook=hook, event_id=event.id, reason=sent.error)
            self._queue.give_up(key, event)
            return
        metrics.webhook_events(hook, "failed")
        log.warning("event not delivered yet", hook=hook, event_id=event.id, reason=sent.error)
        pause = DELAYS_S[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
        self._queue.postpone(key, event, max(pause, sent.retry_after_s or 0))


class Senders:
    """The senders of one process and its recoverer, a thread for each, and one for the leases.

    Without senders there is nothing to recover either.
    """

    def __init__(
        self, senders: Sequence[Sender], recoverer: Recoverer, renew_every_s: float
    ) -> None:
        self._senders = senders
        self._workers: Sequence[Sender | Recoverer] = (*senders, recoverer) if senders else ()
        self._renew_every_s = renew_every_s
        self._is_stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to send, if there are receivers."""
        actions = [worker.run for worker in self._workers]
        for act in [*actions, self._renew] if actions else []:
            thread = threading.Thread(target=act, name="webhooks", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self, hooks: Collection[str]) -> None:
        """Look for events for these receivers."""
        for sender in self._senders:
            if sender.hook in hooks:
                sender.wake()

    def begin_to_stop(self) -> None:
        """Send nothing more. May be called from a signal handler."""
        self._is_stopping.set()
        for worker in self._workers:
            worker.begin_to_stop()

    def stop(self, patience_s: float) -> None:
        """Wait up to `patience_s` for the events that are being sent."""
        self.begin_to_stop()
        deadline = time.monotonic() + patience_s
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _renew(self) -> None:
        while not self._is_stopping.wait(self._renew_every_s):
            for worker in self._workers:
                try:
                    worker.renew()
                except Exception:
                    log.exception("the lease of a webhook could not be renewed")
