"""Sending pictures on to services elsewhere.

A destination is one class with `open` and `publish`, in a file of its own and a line
in `DESTINATIONS`.
"""

from __future__ import annotations

from progimage.config import Publish
from progimage.jobs.publish.destination import Destination
from progimage.jobs.publish.imgur import Imgur

DESTINATIONS = {"imgur": Imgur}


def destinations(settings: Publish) -> dict[str, Destination]:
    """Return the destinations that the settings name an account of."""
    opened = {name: kind.open(settings) for name, kind in DESTINATIONS.items()}
    return {name: destination for name, destination in opened.items() if destination is not None}
