"""Change the metadata of images; delete images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import typer

from progimage.cli.bulk import visibility_of
from progimage.cli.connection import AsJson, uses_server
from progimage.cli.ids import full_id, full_ids
from progimage.cli.terminal import CommandError, confirm, message, print_json
from progimage.client import Client, NotFound, Problem
from progimage.client.records import Edit

app = typer.Typer()


@app.command(
    epilog="""Examples:

    progimage edit ID --title Harbour --add-tag sea --remove-tag draft

    progimage edit ID --private"""
)
@uses_server
def edit(
    client: Client,
    image_id: Annotated[str, typer.Argument(help="id of an image, or its beginning")],
    title: Annotated[str | None, typer.Option(help='the title; "" for none')] = None,
    description: Annotated[str | None, typer.Option(help='the description; "" for none')] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help='all of its tags; "" for none')
    ] = None,
    add_tag: Annotated[list[str] | None, typer.Option(help="add a tag")] = None,
    remove_tag: Annotated[list[str] | None, typer.Option(help="remove a tag")] = None,
    is_private: Annotated[
        bool | None, typer.Option("--private/--public", help="whether others can see it")
    ] = None,
    rights: Annotated[
        str | None, typer.Option(help='the address of a licence or a rights statement; "" for none')
    ] = None,
    alt: Annotated[
        str | None, typer.Option(help='what it shows, for people who do not see it; "" for none')
    ] = None,
    focus: Annotated[
        str | None, typer.Option(help='the point to keep in view, such as 0.3x0.7; "" for none')
    ] = None,
    external_id: Annotated[
        str | None, typer.Option(help='its id in another system; "" for none')
    ] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", help="a custom field, as NAME=VALUE")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(help="remove a custom field")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is written about an image, and who can see it."""
    if tag and (add_tag or remove_tag):
        raise CommandError("--tag sets all tags; use it without --add-tag and --remove-tag")
    image_id = full_id(client, image_id)
    changes = Edit(
        title=title,
        description=description,
        visibility=visibility_of(is_private),
        rights=rights,
        alt=alt,
        focal_point=_point(focus),
        external_id=external_id,
        custom=_custom(fields or (), unset or ()),
    )
    if tag is not None:
        changes["tags"] = [name for name in tag if name]
    if add_tag or remove_tag:
        # Image.edit fails if the tags were changed after they were read.
        image = client.get(image_id)
        remaining = [name for name in image.tags if name not in (remove_tag or ())]
        added = (name for name in add_tag or () if name not in remaining)
        changes["tags"] = [*remaining, *added]
        edited = image.edit(**changes)
    else:
        edited = client.edit(image_id, **changes)
    if as_json:
        print_json(edited.facts())
    else:
        message(f"{edited.id}: revision {edited.revision}")


def _point(text: str | None) -> tuple[float, float] | Literal[""] | None:
    """Return the focal point that `text` names, "" to remove it."""
    if not text:
        return None if text is None else ""
    x, _, y = text.partition("x")
    try:
        return float(x), float(y)
    except ValueError:
        raise CommandError(f"--focus: expected a point such as 0.3x0.7, got {text!r}") from None


def _custom(fields: Iterable[str], unset: Iterable[str]) -> dict[str, str | None] | None:
    changes: dict[str, str | None] = dict.fromkeys(unset)
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise CommandError(f"--set: expected NAME=VALUE, got {field!r}")
        changes[name] = value
    return changes or None


@app.command(
    epilog="""Examples:

    progimage rm ID

    progimage ls --tag draft --json --limit 0 | jq -r .id | progimage rm --yes -"""
)
@uses_server
def rm(
    client: Client,
    image_ids: Annotated[list[str], typer.Argument(help="ids of images; - for standard input")],
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Delete images with their renditions. Exit code 1 if some could not be deleted."""
    ids = full_ids(client, image_ids)
    if not is_sure:
        confirm(f"Delete {len(ids)} image(s)?")
    failed = 0
    for image_id in ids:
        try:
            client.delete(image_id)
        except NotFound:
            failed += 1
            message(f"{image_id}: there is no such image", "red")
        except Problem as error:
            if error.status >= 500 or error.status in (401, 429):
                raise
            failed += 1
            message(f"{image_id}: {error}", "red")
    message(f"deleted {len(ids) - failed} of {len(ids)}")
    if failed:
        raise typer.Exit(1)
