"""Paths as they may be logged."""

from __future__ import annotations

import re

# The signature in the identifier of a viewer's path, as `access/signed_links.py` writes it.
_SIGNATURE = re.compile(r"(~|%7E)v1\.[^/]*", re.IGNORECASE)


def without_signature(path: str) -> str:
    """Return a path without the signature of a viewer, which gives access to a picture."""
    return _SIGNATURE.sub(r"\1…", path)
