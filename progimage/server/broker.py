"""Messages to workers, by Celery over Redis, RabbitMQ or SQS.

A message is a hint and nothing more: what is to be done and what became of it is in the
store. So messages are taken off the queue before they are worked on, may be lost or come
twice, and nothing waits for an answer through the broker.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from progimage.errors import ConfigError

WORK_SHARD = "progimage.work_shard"
RENDER = "progimage.render"

# Queues of their own, so that a picture somebody waits for never waits for a job.
_QUEUES = {WORK_SHARD: "progimage-jobs", RENDER: "progimage-renders"}

_CONNECT_TIMEOUT_S = 3.0
_SOCKET_TIMEOUT_S = 10.0

log = structlog.get_logger()


class Broker:
    """One broker, by its URL."""

    def __init__(self, url: str) -> None:
        # Not imported where nobody needs it: it takes a third of a second.
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
            # As long as it takes: a worker that gave up would be missed when it is back.
            broker_connection_max_retries=None,
            broker_connection_timeout=_CONNECT_TIMEOUT_S,
            broker_transport_options=_transport_options(url),
        )

    def announce(self, job_id: str, shard: int) -> bool:
        """Tell workers of a shard of a job; False if the broker did not take it."""
        return self._send(WORK_SHARD, job_id, shard)

    def ask_for_render(self, ask: tuple[str, ...], timeout_s: float) -> bool:
        """Ask workers for a render, for so long; False if the broker did not take it."""
        return self._send(RENDER, *ask, expires_s=timeout_s)

    def serve(
        self,
        task: str,
        function: Callable[..., None],
        threads: int,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `function` with each message, in threads, until SIGTERM or SIGINT.

        `on_stop` is called at the signal; what is in flight is finished.
        """
        self._app.task(function, name=task)
        signals: Any = import_module("celery.signals")

        def ready(**_: object) -> None:
            log.info("worker started", task=task)

        def stopping(**_: object) -> None:
            on_stop()

        # Whoever takes this signal keeps Celery from setting up logging in its own form.
        def leave_logging(**_: object) -> None:
            return

        signals.setup_logging.connect(leave_logging)
        signals.worker_ready.connect(ready)
        signals.worker_shutting_down.connect(stopping)
        # Threads: each render has a process of its own already, and Celery's processes
        # may have none.
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
        """Send a message; False if the broker did not take it."""
        try:
            self._app.send_task(task, args, queue=_QUEUES[task], expires=expires_s, retry=False)
        except Exception as error:
            # Whatever a transport raises; without its text, which may hold the URL.
            log.warning("broker not reached", task=task, reason=type(error).__name__)
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
