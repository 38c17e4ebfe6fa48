"""`progimage adopt`: import the pictures of an origin into the library."""

from __future__ import annotations

from typing import Annotated

import typer

from progimage.cli.connection import HERE, Token, Url, connected
from progimage.cli.terminal import put, say

app = typer.Typer()


@app.command()
def adopt(
    origin: Annotated[str, typer.Argument(help="its name in the settings of the server")],
    prefix: Annotated[str, typer.Option(help="only keys that start so")] = "",
    after: Annotated[str, typer.Option(help="only keys behind this one")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="for each of them")] = None,
    is_private: Annotated[bool, typer.Option("--private", help="only you may see them")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Import the pictures of an origin, one job after another. 1 if some could not be imported.

    Pictures that are in the library already stay as they are, so a broken run can be repeated.
    """
    has_failed = False
    with connected(url, token) as client:
        while True:
            job = client.adopt(
                origin,
                prefix=prefix,
                after=after,
                tags=tag or (),
                visibility="private" if is_private else None,
            )
            say(f"job {job.id}: {job.total} pictures of {origin}")
            done = job.wait()
            say(f"{done.complete} imported, {done.failed} failed")
            for item in done.items("failed"):
                put("failed:", item["url"], item["error"])
            has_failed |= bool(done.failed)
            if not job.more_after:
                break
            after = job.more_after
            say(f"going on after {after!r}")
    if has_failed:
        raise typer.Exit(1)
