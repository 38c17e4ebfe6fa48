"""Reading `Cache-Control` of an origin's answer (RFC 9111, section 5.2)."""

from __future__ import annotations

import re

_DIRECTIVE = re.compile(r'([a-z-]+)(?:="?([^",]*)"?)?')
_MOST_S = 31_536_000


def max_age_s(header: str, age: str = "") -> int | None:
    """Return for how long a shared cache may still keep the answer; None if it does not say.

    Args:
        header: the value of `Cache-Control`.
        age: the value of `Age`: how many seconds it was in another cache.
    """
    directives = _directives(header)
    if "no-cache" in directives or "no-store" in directives:
        return 0
    for name in ("s-maxage", "max-age"):
        text = directives.get(name, "")
        if text.isdecimal():
            spent_s = int(age[:9]) if age.isdecimal() else 0
            return max(0, min(int(text[:9]), _MOST_S) - spent_s)
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
