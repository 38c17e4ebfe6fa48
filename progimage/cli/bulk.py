"""Change many images at once."""

from __future__ import annotations

from typing import Annotated

import typer

from progimage.cli.connection import uses_server
from progimage.cli.ids import full_ids
from progimage.cli.terminal import CommandError, message
from progimage.client import BulkResult, Client
from progimage.client.records import Visibility

app = typer.Typer()

ImageIds = Annotated[
    list[str], typer.Argument(help="ids of images, or their beginnings; - for standard input")
]


def visibility_of(is_private: bool | None) -> Visibility | None:
    """Return the visibility that an option asks for, None without the option."""
    if is_private is None:
        return None
    return "private" if is_private else "public"


def report(results: list[BulkResult], done: str) -> None:
    """Print failures and a summary; exit with 1 if there are failures."""
    failed = [result for result in results if not result.is_ok]
    for result in failed:
        message(f"{result.id}: {result.detail}", "red")
    message(f"{done} {len(results) - len(failed)} of {len(results)}")
    if failed:
        raise typer.Exit(1)


@app.command(
    epilog="""Examples:

    progimage bulk ID ID ID --add-tag sea --remove-tag draft

    progimage ls --tag draft --json --limit 0 | jq -r .id | progimage bulk --public -"""
)
@uses_server
def bulk(
    client: Client,
    image_ids: ImageIds,
    add_tag: Annotated[list[str] | None, typer.Option(help="add a tag")] = None,
    remove_tag: Annotated[list[str] | None, typer.Option(help="remove a tag")] = None,
    is_private: Annotated[
        bool | None, typer.Option("--private/--public", help="whether others can see them")
    ] = None,
) -> None:
    """Change tags or visibility of many images. Exit code 1 if some could not be changed."""
    visibility = visibility_of(is_private)
    if not (add_tag or remove_tag or visibility):
        raise CommandError("nothing to change; use --add-tag, --remove-tag, --private or --public")
    results = client.change_many(
        full_ids(client, image_ids),
        add_tags=add_tag or (),
        remove_tags=remove_tag or (),
        visibility=visibility,
    )
    report(results, "changed")
