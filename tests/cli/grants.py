"""The answer to a sign-in, as the service sends it."""

from __future__ import annotations

GRANT = {"access_token": "t1", "refresh_token": "r1", "session": "s1", "expires_in": 900}
