"""The interface of a destination, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from progimage.model import Frozen, Record


class Published(Frozen):
    """Where a picture is now.

    Attributes:
        to: name of the destination.
        id: of the picture there.
        link: address of the picture there.
        delete_hash: the secret that removes it there; "" for none.
    """

    to: str
    id: str
    link: str
    delete_hash: str = ""


class Destination(Protocol):
    """A service that pictures can be sent to."""

    def publish(self, record: Record, read: Callable[[], bytes], album: str) -> Published:
        """Send a picture, into an album unless that is "".

        Args:
            read: returns all bytes of the picture.

        Raises:
            PublishFailed: it was not accepted; says whether a later attempt may succeed.
            Overloaded: the destination asked for a pause; nothing was sent.
        """
        ...
