"""Messages to workers, by Celery over Redis, RabbitMQ or SQS.

A message is only a hint: the store has the work and its results. So a message is
acknowledged before it is worked on, it may be lost or arrive twice, and no result is sent
through the broker.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from progimage.errors import ConfigError

WORK_SHARD = "progimage.work_shard"
RENDER = "progimage.render"

# Separate queues, so that a client's render never waits behind a job.
_QUEUES = {WORK_SHARD: "progimage-jobs", RENDER: "progimage-renders"}

_CONNECT_TIMEOUT_S = 3.0
_SOCKET_TIMEOUT_S = 10.0

log = structlog.get_logger()


class Broker:
    """One broker, by its URL."""

    def __init__(self, url: str) -> None:
        # Imported only if needed: it takes a third of a second.
        try:
            celery = import_module("celery")
        except ImportError:
            raise ConfigError(
                "jobs.broker: needs Celery; install the extra 'celery' (docs/operate/workers.md)"
            ) from None
        self._app: Any = celery.Celery("progimage", broker=url, set_as_current=False)
        self._app.conf.update(
            accept_content=["json"],
            task_serializer="json",
            task_ignore_result=True,
            task_store_errors_even_if_ignored=False,
            task_acks_late=False,
            worker_prefetch_multiplier=1,
            worker_enable_remote_control=False,
            worker_hijack_root_logger=False,
            broker_connection_retry_on_startup=True,
            # No limit: a worker that gave up would not be there when the broker is back.
            broker_connection_max_retries=None,
            broker_connection_timeout=_CONNECT_TIMEOUT_S,
            broker_transport_options=_transport_options(url),
        )

    def announce(self, job_id: str, shard: int) -> bool:
        """Send a message about a shard of a job; return False if the broker did not accept it."""
        return self._send(WORK_SHARD, job_id, shard)

    def request_render(self, request: tuple[str, ...], timeout_s: float) -> bool:
        """Request a render; the message expires after `timeout_s`.

        Returns False if the broker did not accept it.
        """
        return self._send(RENDER, *request, expires_s=timeout_s)

    def serve(
        self,
        task: str,
        function: Callable[..., None],
        threads: int,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `function` with each message, in threads, until SIGTERM or SIGINT.

        `on_stop` is called at the signal; calls in progress are finished.
        """
        self._app.task(function, name=task)
        signals: Any = import_module("celery.signals")

        def ready(**_: object) -> None:
            log.info("worker started", task=task)

        def stopping(**_: object) -> None:
            on_stop()

        # With a receiver for this signal, Celery does not set up its own logging.
        def leave_logging(**_: object) -> None:
            return

        signals.setup_logging.connect(leave_logging)
        signals.worker_ready.connect(ready)
        signals.worker_shutting_down.connect(stopping)
        # Threads: renders run in processes of their own, and Celery's worker processes
        # may not start any.
        worker = self._app.Worker(
            pool="threads",
            concurrency=threads,
            queues=[_QUEUES[task]],
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        worker.start()

    def _send(self, task: str, *args: Any, expires_s: float | None = None) -> bool:
        """Send a message; return False if the broker did not accept it."""
        try:
            self._app.send_task(task, args, queue=_QUEUES[task], expires=expires_s, retry=False)
        except Exception as error:
            # Each transport raises its own errors; the text is not logged, as it may have the URL.
            log.warning("the broker cannot be reached", task=task, reason=type(error).__name__)
            return False
        return True


def _transport_options(url: str) -> dict[str, Any]:
    if not url.startswith(("redis:", "rediss:")):
        return {}
    return {
        "socket_connect_timeout": _CONNECT_TIMEOUT_S,
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "max_retries": 0,
    }
