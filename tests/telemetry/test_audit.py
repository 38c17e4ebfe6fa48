"""The audit trail."""

from __future__ import annotations

from structlog.testing import capture_logs

from progimage.telemetry import audit


def test_an_entry_says_who_did_what_and_with_which_outcome():
    with capture_logs() as lines:
        audit.record("sign-in", "failed", user="ann")
        audit.record("delete", path="/images/a/")
    assert lines == [
        {
            "event": "audit",
            "log_level": "info",
            "action": "sign-in",
            "outcome": "failed",
            "user": "ann",
        },
        {
            "event": "audit",
            "log_level": "info",
            "action": "delete",
            "outcome": "ok",
            "path": "/images/a/",
        },
    ]
