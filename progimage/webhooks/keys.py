"""All store keys of webhooks.

    webhooks/pending/<token>.json           an event whose change is not known to be committed
    webhooks/queue/<hook>/<due>-<id>.json   an event that waits for its receiver until <due>
    webhooks/failed/<hook>/<time>-<id>.json   an event that was given up
    webhooks/leases/<hook>.json             the process that sends; swapped and removed
    webhooks/recovery.json                  the process that finds lost events; as above

Times are milliseconds since 1970, so the events that are due come first in a listing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

WEBHOOKS = "webhooks/"
PENDING = f"{WEBHOOKS}pending/"
QUEUES = f"{WEBHOOKS}queue/"
FAILED = f"{WEBHOOKS}failed/"
RECOVERY = f"{WEBHOOKS}recovery.json"

_ITEM = re.compile(
    r"webhooks/(?:queue|failed)/([a-z0-9][a-z0-9-]*)/([0-9]{13})-(evt_[0-9a-f]{32})\.json"
)


class Place(NamedTuple):
    """What the key of an event in a queue, or of one that was given up, says."""

    hook: str
    time_ms: int
    event_id: str


def pending(token: str) -> str:
    """Return the key of an event that is expected."""
    return f"{PENDING}{token}.json"


def queue(hook: str) -> str:
    """Return the prefix of the events that wait for a receiver."""
    return f"{QUEUES}{hook}/"


def failed(hook: str) -> str:
    """Return the prefix of the events that were given up."""
    return f"{FAILED}{hook}/"


def queued(hook: str, due_ms: int, event_id: str) -> str:
    """Return the key of an event that waits."""
    return f"{queue(hook)}{due_ms:013}-{event_id}.json"


def given_up(hook: str, time_ms: int, event_id: str) -> str:
    """Return the key of an event that was given up."""
    return f"{failed(hook)}{time_ms:013}-{event_id}.json"


def lease(hook: str) -> str:
    """Return the key of the lease of the process that sends to a receiver."""
    return f"{WEBHOOKS}leases/{hook}.json"


def place(key: str) -> Place | None:
    """Return what the key of a stored event says; None for other keys."""
    match = _ITEM.fullmatch(key)
    return Place(match[1], int(match[2]), match[3]) if match else None
