"""`progimage index`: what the index of the store consists of."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from progimage.cli.configured import configured_store
from progimage.cli.terminal import print_row
from progimage.server.parts import index_of

app = typer.Typer()


@app.command("index")
def show() -> None:
    """Show the size of the index, and the changes that wait to be folded into it."""
    settings, store = configured_store()
    view = index_of(settings, store).view()
    manifest = view.manifest
    waiting = [key for key in view.announced if key not in view.shelved_since]
    unsettled = sum(len(state.unsettled) for state in view.states.values())
    print_row("version", f"{manifest.version:,}")
    print_row("shelves", f"{len(manifest.shelves):,} in {len(manifest.rows):,} ranges")
    print_row("entries", f"{sum(row.entries for row in manifest.rows):,}")
    print_row("bytes", f"{sum(shelf.size_bytes for shelf in manifest.shelves):,}")
    print_row("retired shelves", f"{len(manifest.retired):,}")
    print_row("announcements", f"{len(view.announced):,}")
    print_row("  not in shelves yet", f"{len(waiting):,}")
    print_row("  without their record", f"{unsettled:,}")
    if waiting:
        oldest = min(view.announced[key] for key in waiting)
        print_row("  the oldest, seconds", f"{(datetime.now(UTC) - oldest).total_seconds():.0f}")
