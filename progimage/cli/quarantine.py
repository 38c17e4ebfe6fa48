"""Quarantine: list and restore what `check --repair` set aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from progimage import keys
from progimage.cli.configured import configured_store
from progimage.config import Settings
from progimage.imaging.inspection import Facts, inspect
from progimage.library import Library, quarantine
from progimage.maintenance.rebuild import Rebuilder
from progimage.server.parts import pool_of
from progimage.stores import ObjectStore
from progimage.stores.temp_files import TempFolder

app = typer.Typer()
commands = typer.Typer(help="List and restore what 'progimage check --repair' set aside.")
app.add_typer(commands, name="quarantine")


@contextmanager
def rebuilder_of(settings: Settings, store: ObjectStore) -> Iterator[Rebuilder]:
    """Yield what rebuilds records; it decodes pictures in a process with limits."""
    pool = pool_of(settings, workers=1, niceness=0)

    def facts_of(path: str) -> Facts:
        return pool.run(inspect, path, settings.picture_limits())

    try:
        yield Rebuilder(store, Library(store), facts_of, TempFolder())
    finally:
        pool.close()


@commands.command("list")
def show() -> None:
    """List what is in quarantine, one a line: its name here, size, time, reason and key."""
    _, store = configured_store()
    for token, found in quarantine.all_set_aside(store):
        print(token, found.size_bytes, f"{found.time:%Y-%m-%d}", found.reason, found.key, sep="\t")


@commands.command()
def restore(
    token: Annotated[str, typer.Argument(help="its name, as 'quarantine list' shows it")],
) -> None:
    """Put an object back where it was; an original without record gets a new record.

    The new record has neither title nor tags, and is private if the picture is an account's.
    """
    settings, store = configured_store()
    found = quarantine.put_back(store, token)
    print(f"put back {found.key}")
    named = keys.id_and_generation_of_original(found.key)
    if named is None:
        return
    with rebuilder_of(settings, store) as rebuilder:
        record = rebuilder.rebuild(named[0])
    print("it has a new record" if record else "it has a record, or none could be written")
