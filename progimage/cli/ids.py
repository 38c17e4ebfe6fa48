"""Ids of images as people type them: whole, or the beginning that a list on a terminal shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable

from progimage.cli.terminal import CommandError
from progimage.client import Client, Image

_BEGINNING = re.compile(r"[0-9a-f]{4,63}")


def full_id(client: Client, text: str) -> str:
    """Return the id of the one image whose id begins with `text`; a whole id is not looked up.

    Raises:
        CommandError: no id, or more than one, begins with it.
    """
    return _only(text, lambda beginning: client.search(id=beginning))


def full_ids(client: Client, arguments: Iterable[str]) -> list[str]:
    """Return the ids of the arguments, with those of standard input in place of `-`."""
    return [full_id(client, text) for text in _words(arguments)]


def ids_in_trash(client: Client, arguments: Iterable[str]) -> list[str]:
    """Return the ids of deleted images, as `full_ids` does."""
    return [_only(text, lambda _: client.trash()) for text in _words(arguments)]


def _words(arguments: Iterable[str]) -> list[str]:
    return [
        word for name in arguments for word in (sys.stdin.read().split() if name == "-" else [name])
    ]


def _only(text: str, find: Callable[[str], Iterable[Image]]) -> str:
    if not _BEGINNING.fullmatch(text):
        return text
    found = [image.id for image in find(text) if image.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(f"there is no image whose id begins with {text}")
    shown = ", ".join(image_id[: len(text) + 4] for image_id in found[:5])
    raise CommandError(
        f"the ids of {len(found)} images begin with {text}: {shown}; give more digits"
    )
