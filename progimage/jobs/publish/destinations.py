"""The services that pictures can be sent to.

A destination is a class with `open` and `publish` in its own file, and a line in
`DESTINATIONS`.
"""

from __future__ import annotations

from progimage.config import Publish
from progimage.jobs.publish.destination import Destination
from progimage.jobs.publish.imgur import Imgur

DESTINATIONS = {"imgur": Imgur}


def destinations(settings: Publish) -> dict[str, Destination]:
    """Return the destinations for which the settings have an account, by name."""
    opened = {name: kind.open(settings) for name, kind in DESTINATIONS.items()}
    return {name: destination for name, destination in opened.items() if destination is not None}
