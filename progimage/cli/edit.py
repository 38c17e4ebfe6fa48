"""Change what is said of pictures; remove them."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from progimage.cli.connection import HERE, AsJson, Token, Url, connected
from progimage.cli.terminal import Complaint, put_json, say
from progimage.client import NotFound, Problem

app = typer.Typer()


@app.command(
    epilog="""Examples:

    progimage edit ID --title Harbour --add-tag sea --remove-tag draft

    progimage edit ID --private"""
)
def edit(
    image_id: Annotated[str, typer.Argument(help="of a picture")],
    title: Annotated[str | None, typer.Option(help='"" for none')] = None,
    description: Annotated[str | None, typer.Option(help='"" for none')] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help='all of its tags; "" for none')
    ] = None,
    add_tag: Annotated[list[str] | None, typer.Option(help="one more tag")] = None,
    remove_tag: Annotated[list[str] | None, typer.Option(help="one tag less")] = None,
    is_private: Annotated[
        bool | None, typer.Option("--private/--public", help="who may see it")
    ] = None,
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Change title, description, tags or visibility."""
    if tag and (add_tag or remove_tag):
        raise Complaint("--tag sets all tags; it goes with neither --add-tag nor --remove-tag")
    visibility: Literal["public", "private"] | None = None
    if is_private is not None:
        visibility = "private" if is_private else "public"
    with connected(url, token) as client:
        tags = None if tag is None else [name for name in tag if name]
        if add_tag or remove_tag:
            # Refused if somebody else edits between this look and the edit.
            image = client.get(image_id)
            left = [known for known in image.tags if known not in (remove_tag or ())]
            tags = [*left, *(new for new in add_tag or () if new not in left)]
            edited = image.edit(
                title=title, description=description, tags=tags, visibility=visibility
            )
        else:
            edited = client.edit(
                image_id, title=title, description=description, tags=tags, visibility=visibility
            )
    if as_json:
        put_json(edited.facts())
    else:
        say(f"{edited.id}: revision {edited.revision}")


@app.command(
    epilog="""Examples:

    progimage rm ID

    progimage ls --tag draft --json --limit 0 | jq -r .id | progimage rm --yes -"""
)
def rm(
    image_ids: Annotated[list[str], typer.Argument(help="of pictures; - for standard input")],
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Remove pictures with everything. 1 if some could not be removed."""
    ids = [
        word for name in image_ids for word in (sys.stdin.read().split() if name == "-" else [name])
    ]
    if not is_sure:
        if not sys.stdin.isatty():
            raise Complaint("there is no terminal to ask on; use --yes")
        typer.confirm(f"Remove {len(ids)} picture(s) for ever?", abort=True, err=True)
    failed = 0
    with connected(url, token) as client:
        for image_id in ids:
            try:
                client.delete(image_id)
            except NotFound:
                failed += 1
                say(f"{image_id}: there is no such picture", "red")
            except Problem as error:
                if error.status >= 500 or error.status in (401, 429):
                    raise
                failed += 1
                say(f"{image_id}: {error}", "red")
    say(f"removed {len(ids) - failed} of {len(ids)}")
    if failed:
        raise typer.Exit(1)
