"""Create a store, and bring one of an older release up to date."""

from __future__ import annotations

import typer

from progimage import config
from progimage.maintenance.upgrade import upgrade
from progimage.stores import HasOwnFiles, open_raw
from progimage.stores import create_store as create

app = typer.Typer()


@app.command("create-store")
def create_store() -> None:
    """Create a store where the settings say, in an empty folder or below an empty prefix."""
    settings, _ = config.load()
    is_new = create(settings.store, **settings.s3.options)
    print("created a store" if is_new else "there is a store already; nothing was changed")


@app.command("upgrade-store")
def upgrade_store() -> None:
    """Bring a store that an older release wrote to the format of this one.

    Stop all servers first and make a back-up. It can be run again if it was interrupted.
    """
    settings, _ = config.load()
    store = open_raw(settings.store, **settings.s3.options)
    if isinstance(store, HasOwnFiles):
        store.prepare()
    marker = upgrade(store)
    print(f"the store has format {marker.format}, which this release works with")
