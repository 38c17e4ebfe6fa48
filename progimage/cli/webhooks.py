"""Events of webhooks: list them, send them again, drop them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from progimage.cli.configured import configured_store
from progimage.cli.terminal import CommandError
from progimage.config import Settings
from progimage.stores import ObjectStore
from progimage.webhooks import keys
from progimage.webhooks.queue import Queue, hooks_in

app = typer.Typer()
commands = typer.Typer(help="List events that wait for webhooks, send them again, drop them.")
app.add_typer(commands, name="webhooks")

Name = Annotated[str, typer.Argument(help="name of a webhook in the settings")]
Ids = Annotated[list[str] | None, typer.Argument(help="ids of events, evt_…")]


@commands.command("list")
def show(
    name: Annotated[str, typer.Argument(help="only of this webhook, one event a line")] = "",
    is_failed: Annotated[
        bool, typer.Option("--failed", help="events that were given up, not those that wait")
    ] = False,
) -> None:
    """Print how many events wait and were given up; with a name, each of them.

    A line has the id, the type, the time of the next try (or when it was given up), the number of
    tries, and why the last one failed.
    """
    settings, store = configured_store()
    if not name:
        for hook in sorted({*settings.webhooks, *hooks_in(store)}):
            queue = Queue(store, hook)
            waiting, failed = (sum(1 for _ in found) for found in (queue.waiting(), queue.failed()))
            state = "" if hook in settings.webhooks else "\tnot in the settings"
            print(f"{hook}\t{waiting} waiting\t{failed} given up{state}")
        return
    queue = _queue(settings, store, name)
    for key in queue.failed() if is_failed else queue.waiting():
        event, place = queue.read(key), keys.place(key)
        if event is None or place is None:
            continue
        time = datetime.fromtimestamp(place.time_ms / 1000, UTC)
        due = f"{time:%Y-%m-%dT%H:%M:%SZ}"
        print(event.id, event.type, due, event.attempts, event.error, sep="\t")


@commands.command()
def retry(name: Name, ids: Ids = None) -> None:
    """Send events again, now: those with these ids, or all that were given up."""
    settings, store = configured_store()
    queue = _queue(settings, store, name)
    found = _selected(queue, ids) if ids else list(queue.failed())
    print(f"sent again: {sum(map(queue.send_again, found))}")


@commands.command()
def drop(
    name: Name,
    ids: Ids = None,
    is_all: Annotated[bool, typer.Option("--all", help="all that wait or were given up")] = False,
) -> None:
    """Remove events without sending them: those with these ids, or all."""
    if bool(ids) == is_all:
        raise CommandError("give the ids of events, or --all")
    settings, store = configured_store()
    queue = _queue(settings, store, name)
    found = [*queue.waiting(), *queue.failed()] if is_all else _selected(queue, ids or [])
    for key in found:
        queue.remove(key)
    print(f"dropped: {len(found)}")


def _selected(queue: Queue, ids: list[str]) -> list[str]:
    """Return the keys of the events with these ids."""
    wanted = set(ids)
    stored = [
        (key, place) for key in (*queue.waiting(), *queue.failed()) if (place := keys.place(key))
    ]
    missing = wanted - {place.event_id for _, place in stored}
    if missing:
        raise CommandError(f"no event {', '.join(sorted(missing))} waits or was given up")
    return [key for key, place in stored if place.event_id in wanted]


def _queue(settings: Settings, store: ObjectStore, name: str) -> Queue:
    known = {*settings.webhooks, *hooks_in(store)}
    if name not in known:
        raise CommandError(
            f"there is no webhook {name!r}; there are: {', '.join(sorted(known)) or 'none'}"
        )
    return Queue(store, name)
