"""Reading `Cache-Control` of an origin's answer (RFC 9111, section 5.2)."""

from __future__ import annotations

import re

_DIRECTIVE = re.compile(r'([a-z-]+)(?:="?([^",]*)"?)?')
_MOST_S = 31_536_000


def max_age_s(header: str) -> int | None:
    """Return for how long a shared cache may keep the answer; None if it does not say."""
    directives = _directives(header)
    if "no-cache" in directives or "no-store" in directives:
        return 0
    for name in ("s-maxage", "max-age"):
        text = directives.get(name, "")
        if text.isdecimal():
            return min(int(text[:9]), _MOST_S)
    return None


def is_shareable(cache_control: str, vary: str, *, sets_cookie: bool) -> bool:
    """Return whether the headers allow the same answer for every client."""
    return not sets_cookie and vary.strip() != "*" and "private" not in _directives(cache_control)


def _directives(header: str) -> dict[str, str]:
    return {
        match[1]: match[2] or ""
        for part in header[:1_000].lower().split(",")
        if (match := _DIRECTIVE.match(part.strip()))
    }
