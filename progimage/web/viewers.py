"""Who sent a request."""

from __future__ import annotations

from typing import cast

import falcon

from progimage.model import ANYBODY, Viewer


def viewer_of(req: falcon.Request) -> Viewer:
    """Return who looks: `ANYBODY` unless the request was found to come from somebody."""
    return cast(Viewer, req.context.get("viewer", ANYBODY))
