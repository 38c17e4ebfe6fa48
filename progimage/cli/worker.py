"""Run a worker beside the web nodes."""

from __future__ import annotations

from typing import Annotated

import typer

from progimage.server import worker as processes

app = typer.Typer()


@app.command()
def worker(
    renders: Annotated[
        bool, typer.Option(help='do renders for web nodes with render.where = "workers"')
    ] = False,
) -> None:
    """Do the jobs instead of the web nodes, or their renders."""
    if renders:
        processes.work_on_renders()
    else:
        processes.work_on_jobs()
