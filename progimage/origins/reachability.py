"""Whether an origin answers; while it does not, few requests wait to find out.

Without this, requests for pictures of a silent origin would hold all places for fetches until
their time-outs, and pictures of other origins would wait behind them.
Source: the circuit breaker in Nygard, "Release It!" (2007).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from progimage.errors import OriginFailed, OriginTimeout
from progimage.origins.sources.source import OriginUnreachable
from progimage.telemetry import metrics

log = structlog.get_logger()

_FAILURES = 3
_TRIAL_EVERY_S = 3


class Reachability:
    """Counts requests to one origin that got no answer.

    After three without an answer between them, the origin counts as down: then one request at
    a time is let through, three seconds after the last one failed. Any answer ends it, also
    that there is no such picture, or a status of 5xx: such an answer comes without waiting.
    """

    def __init__(self, origin: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._origin = origin
        self.clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._is_trying = False
        self._next_trial = 0.0
        metrics.origin_answers(origin, is_up=True)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the block ask the origin.

        Raises:
            OriginFailed: the origin is down, and it is not yet time to try again.
        """
        self._enter()
        try:
            yield
        except (OriginTimeout, OriginUnreachable) as error:
            self._note_failure(str(error))
            raise
        except BaseException:
            self._note_answer()
            raise
        self._note_answer()

    def _enter(self) -> None:
        with self._lock:
            if self._failures < _FAILURES:
                return
            if self._is_trying or self.clock() < self._next_trial:
                raise OriginFailed(
                    "the origin does not answer; it is tried again every few seconds",
                    retryable=True,
                    retry_after_s=_TRIAL_EVERY_S,
                )
            self._is_trying = True

    def _note_failure(self, reason: str) -> None:
        with self._lock:
            self._failures += 1
            self._is_trying = False
            self._next_trial = self.clock() + _TRIAL_EVERY_S
            has_gone_down = self._failures == _FAILURES
        if has_gone_down:
            metrics.origin_answers(self._origin, is_up=False)
            log.warning("an origin does not answer", origin=self._origin, reason=reason)

    def _note_answer(self) -> None:
        with self._lock:
            was_down = self._failures >= _FAILURES
            self._failures, self._is_trying = 0, False
        if was_down:
            metrics.origin_answers(self._origin, is_up=True)
            log.info("an origin answers again", origin=self._origin)
