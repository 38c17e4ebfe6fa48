"""Checks that a unix socket is not in use: gunicorn removes any socket at its path."""

from __future__ import annotations

import socket

_WAIT_S = 1.0


def answers(path: str) -> bool:
    """Return True if a process listens on the unix socket at `path`."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_WAIT_S)
        try:
            probe.connect(path)
        except TimeoutError:
            return True  # it listens, and is busy
        except OSError:
            return False
    return True
