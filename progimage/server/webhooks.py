"""Builds the parts that store events and send them to webhooks."""

from __future__ import annotations

from concurrent.futures import Executor

from progimage.config import Settings
from progimage.jobs.leases import Leases
from progimage.stores import ObjectStore
from progimage.webhooks import keys
from progimage.webhooks.endpoint import Endpoint
from progimage.webhooks.outbox import Outbox
from progimage.webhooks.queue import Queue
from progimage.webhooks.recovery import Recoverer, Recovery
from progimage.webhooks.sender import Sender, Senders
from progimage.webhooks.turn import Turn


def outbox_of(settings: Settings, store: ObjectStore, helpers: Executor | None = None) -> Outbox:
    """Return what stores events."""
    hooks = {name: frozenset(hook.events) for name, hook in settings.webhooks.items()}
    return Outbox(store, hooks, helpers)


def senders_of(settings: Settings, store: ObjectStore, outbox: Outbox) -> Senders:
    """Return what sends events in the background of a web process.

    Raises:
        ConfigError: the URL of a webhook cannot be used.
    """
    chosen = settings.jobs
    senders = [
        Sender(
            store,
            Queue(store, name),
            Endpoint(name, hook),
            Leases(store, chosen.lease_s),
            most=hook.max_waiting,
            concurrent=hook.concurrent,
            poll_s=chosen.poll_s,
        )
        for name, hook in sorted(settings.webhooks.items())
    ]
    turn = Turn(store, Leases(store, chosen.lease_s), keys.RECOVERY)
    recoverer = Recoverer(Recovery(store, settle_s=chosen.lease_s), turn, chosen.poll_s)
    found = Senders(senders, recoverer, renew_every_s=chosen.lease_s / 3)
    outbox.on_queued = found.wake
    return found
