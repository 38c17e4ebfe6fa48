"""The audit log: sign-ins, denied requests, and changes of accounts, visibility and pictures.

Each entry is one structured log line with `event` "audit" at level info. It has the
request's id, the client's address and the account, and never a secret.
"""

from __future__ import annotations

from typing import Literal

import structlog

Action = Literal[
    "access",
    "account",
    "api key",
    "delete",
    "link",
    "password",
    "restore",
    "session",
    "sign-in",
    "visibility",
]
Outcome = Literal["ok", "failed", "denied", "missing"]

log = structlog.get_logger()


def record(action: Action, outcome: Outcome = "ok", **details: str | bool) -> None:
    """Log that a client did something, or was denied it."""
    log.info("audit", action=action, outcome=outcome, **details)
