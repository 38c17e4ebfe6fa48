"""List images, tags and operations."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, TypeVar

import typer

from progimage.cli.connection import AsJson, uses_server
from progimage.cli.ids import full_id
from progimage.cli.terminal import Table, message, print_json, print_row
from progimage.client import Client, Image

app = typer.Typer()

SHORT_ID = 12
"""Digits of an id in a table."""

Tags = Annotated[
    list[str] | None, typer.Option("--tag", "-t", help="with this tag; repeat it to require all")
]
AnyTags = Annotated[
    list[str] | None, typer.Option("--any-tag", help="with this tag; repeat it to require any")
]
Visibility = Annotated[str, typer.Option(help="public or private")]
MediaType = Annotated[str, typer.Option("--type", help="media type, such as image/png")]
After = Annotated[str, typer.Option(help="uploaded after (ISO 8601, with time zone)")]
Before = Annotated[str, typer.Option(help="uploaded before")]
Near = Annotated[str, typer.Option(help="that look like the image with this id")]
Sort = Annotated[
    str, typer.Option(help="created, title, size or taken; -title and so on for the reverse")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="how many at most; 0 for all")]

T = TypeVar("T")


def limited(found: Iterable[T], limit: int) -> Iterable[T]:
    """Return the first `limit` of what was found, all for 0."""
    return islice(found, limit) if limit else found


@app.command(
    "ls",
    epilog="""Examples:

    progimage ls --tag sea --limit 20

    progimage ls --json --limit 0 | jq -r .id""",
)
@app.command(
    "search",
    epilog="""Example:

    progimage search harbour dusk --tag sea""",
)
@uses_server
def search(
    client: Client,
    words: Annotated[
        list[str] | None, typer.Argument(help="parts of words of title, tags and so on")
    ] = None,
    tag: Tags = None,
    any_tag: AnyTags = None,
    visibility: Visibility = "",
    media_type: MediaType = "",
    after: After = "",
    before: Before = "",
    near: Near = "",
    sort: Sort = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List images, by default the newest first: id, size, type, title or file name, tags.

    With words, list those that have them in title, description, file name or tags.
    On a terminal the columns are cut to its width; --json and pipes get everything.
    """
    options: dict[str, Any] = {
        "q": " ".join(words or ()),
        "tags_all": tag,
        "tags_any": any_tag,
        "visibility": visibility,
        "media_type": media_type,
        "created_after": after,
        "created_before": before,
        "near": near,
        "sort": sort,
        "page_size": min(limit or 1000, 1000),
    }
    criteria: Any = {key: value for key, value in options.items() if value}
    table = Table(SHORT_ID, 11, 5, 0, 0, 7, as_json=as_json)
    for image in limited(client.search(**criteria), limit):
        image_id, media_type = image.id, image.media_type
        if table.fits_terminal:
            image_id, media_type = image_id[:SHORT_ID], media_type.removeprefix("image/")
        table.show(image.facts(), image_id, *_columns(image, media_type))


@app.command()
@uses_server
def show(
    client: Client,
    image_id: Annotated[str, typer.Argument(help="id of an image, or its beginning")],
    as_json: AsJson = False,
) -> None:
    """Show the record of an image."""
    image = client.get(full_id(client, image_id))
    if as_json:
        print_json({**image.facts(), "url": image.url})
        return
    for name, value in {**image.facts(), "url": image.url}.items():
        print_row(f"{name}:", _in_words(value))


def _in_words(value: object) -> object:
    """Return a field of a record as people write it; what is missing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={_in_words(each)}" for name, each in value.items())
    return value


@app.command()
@uses_server
def tags(
    client: Client,
    prefix: Annotated[str, typer.Argument(help="how the tags begin")] = "",
    as_json: AsJson = False,
) -> None:
    """List the tags, with the number of images that have them."""
    for tag in client.tags(prefix):
        if as_json:
            print_json({"tag": tag.name, "count": tag.count, "exact": tag.count_is_exact})
        else:
            print_row(f"{tag.count}{'' if tag.count_is_exact else '+'}", tag.name)


@app.command()
@uses_server
def transforms(
    client: Client,
    name: Annotated[str, typer.Argument(help="show this operation with its arguments")] = "",
    as_json: AsJson = False,
) -> None:
    """List the operations, or show the arguments of one."""
    operations = client.transforms()["operations"]
    chosen = [item for item in operations if not name or name in (item["name"], *item["aliases"])]
    if not chosen:
        message(f"there is no operation {name!r}; `progimage transforms` lists them", "red")
        raise typer.Exit(1)
    table = Table(36, 0)
    for item in chosen:
        if as_json:
            print_json(item)
        elif not name:
            table.add(item["example"], item["summary"])
        else:
            print_row(item["example"])
            for line in item["description"].splitlines():
                print_row(line)
            for argument, schema in item["arguments"]["properties"].items():
                print_row(f"  {argument}", _expected(schema))


def _columns(image: Image, media_type: str) -> list[str]:
    size = f"{image.width}x{image.height}"
    name = image.title or image.file_name or "-"
    private = ["private"] if image.visibility == "private" else []
    return [size, media_type, name, ", ".join(image.tags), *private]


def _expected(schema: dict[str, Any]) -> str:
    parts = [schema["description"]] if "description" in schema else []
    if "enum" in schema:
        parts.append(f"one of {', '.join(schema['enum'])}")
    if "minimum" in schema:
        parts.append(f"{schema['minimum']:g} to {schema['maximum']:g}")
    if "default" in schema:
        parts.append(f"default {schema['default']}")
    return "; ".join(parts) or schema["type"]
