"""Show, restore and empty the trash."""

from __future__ import annotations

from typing import Annotated

import typer

from progimage.cli.bulk import ImageIds, report
from progimage.cli.connection import AsJson, uses_server
from progimage.cli.ids import ids_in_trash
from progimage.cli.terminal import Table, confirm, message
from progimage.client import Client

app = typer.Typer()


@app.command(
    epilog="""Examples:

    progimage trash

    progimage trash --empty --yes"""
)
@uses_server
def trash(
    client: Client,
    is_emptied: Annotated[
        bool, typer.Option("--empty", help="remove the images in the trash for good")
    ] = False,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """List the deleted images that can be restored, or remove them for good."""
    if is_emptied and not is_sure:
        confirm("Remove all images in the trash for good?")
    if is_emptied:
        message(f"removed {client.empty_trash()} images")
        return
    table = Table(64, 0, 20, as_json=as_json)
    for image in client.trash():
        name = image.title or image.file_name
        table.show(image.facts(), image.id, name, image.media_type)


@app.command(
    epilog="""Examples:

    progimage restore ID ID

    progimage trash --json | jq -r .id | progimage restore -"""
)
@uses_server
def restore(client: Client, image_ids: ImageIds) -> None:
    """Restore images from the trash. Exit code 1 if some could not be restored."""
    results = client.restore_many(ids_in_trash(client, image_ids))
    report(results, "restored")
