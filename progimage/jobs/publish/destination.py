"""The interface of a destination, with its input and output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from progimage.model import Frozen


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A picture to publish; `read` returns all its bytes."""

    read: Callable[[], bytes]
    size_bytes: int
    media_type: str
    file_name: str
    title: str
    description: str


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

    def publish(self, picture: Outgoing, album: str) -> Published:
        """Send a picture, into an album unless that is "".

        Raises:
            PublishFailed: it was not accepted; says whether a later attempt may succeed.
            Overloaded: the destination asked for a pause; nothing was sent.
        """
        ...
