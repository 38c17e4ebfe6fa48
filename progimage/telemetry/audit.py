"""What somebody may one day ask about: who signed in, what was denied, hidden or removed.

One structured log line each, `event` "audit", at level info; with the request's id,
the client's address and the account it came from. Never a secret.
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
    "session",
    "sign-in",
    "visibility",
]
Outcome = Literal["ok", "failed", "denied"]

log = structlog.get_logger()


def record(action: Action, outcome: Outcome = "ok", **details: str | bool) -> None:
    """Write down that somebody did something, or was not let."""
    log.info("audit", action=action, outcome=outcome, **details)
