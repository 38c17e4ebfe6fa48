"""`progimage adopt`: import the pictures of an origin into the library."""

from __future__ import annotations

from typing import Annotated

import typer

from progimage.cli.connection import uses_server
from progimage.cli.options import IsPrivate, Tags
from progimage.cli.terminal import message, print_row
from progimage.client import Client

app = typer.Typer()


@app.command()
@uses_server
def adopt(
    client: Client,
    origin: Annotated[str, typer.Argument(help="name of the origin in the settings of the server")],
    prefix: Annotated[str, typer.Option(help="only keys with this prefix")] = "",
    after: Annotated[str, typer.Option(help="only keys after this one")] = "",
    tag: Tags = None,
    is_private: IsPrivate = False,
) -> None:
    """Import the pictures of an origin, one job after another.

    Exit code 1 if some could not be imported.
    Pictures that are in the library already stay as they are, so a broken run can be repeated.
    """
    has_failed = False
    while True:
        job = client.adopt(
            origin,
            prefix=prefix,
            after=after,
            tags=tag or (),
            visibility="private" if is_private else None,
        )
        message(f"job {job.id}: {job.total} pictures of {origin}")
        done = job.wait()
        message(f"{done.complete} imported, {done.failed} failed")
        for item in done.items("failed"):
            print_row("failed:", item["url"], item["error"])
        has_failed |= bool(done.failed)
        if not job.more_after:
            break
        after = job.more_after
        message(f"continuing after {after!r}")
    if has_failed:
        raise typer.Exit(1)
