"""Look at what there is: pictures, tags, transforms."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from progimage.cli.connection import HERE, AsJson, Token, Url, connected
from progimage.cli.terminal import put, put_json, say
from progimage.client import Image

app = typer.Typer()

Tags = Annotated[
    list[str] | None, typer.Option("--tag", "-t", help="with this tag; repeat it to ask for all")
]
AnyTags = Annotated[
    list[str] | None, typer.Option("--any-tag", help="with this tag or another; repeat it")
]
Visibility = Annotated[str, typer.Option(help="public or private")]
MediaType = Annotated[str, typer.Option("--type", help="of this type, such as image/png")]
After = Annotated[str, typer.Option(help="uploaded after (ISO 8601, with time zone)")]
Before = Annotated[str, typer.Option(help="uploaded before")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="how many at most; 0 for all")]


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
def search(
    words: Annotated[
        list[str] | None, typer.Argument(help="parts of words of title, tags and so on")
    ] = None,
    tag: Tags = None,
    any_tag: AnyTags = None,
    visibility: Visibility = "",
    media_type: MediaType = "",
    after: After = "",
    before: Before = "",
    limit: Limit = 50,
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List pictures, newest first: id, size, type, title or file name, tags.

    With words, those that have them in title, description, file name or tags.
    """
    given: dict[str, Any] = {
        "q": " ".join(words or ()),
        "tags_all": tag,
        "tags_any": any_tag,
        "visibility": visibility,
        "media_type": media_type,
        "created_after": after,
        "created_before": before,
        "page_size": min(limit or 1000, 1000),
    }
    criteria: Any = {key: value for key, value in given.items() if value}
    with connected(url, token) as client:
        found = client.search(**criteria)
        for image in islice(found, limit) if limit else found:
            if as_json:
                put_json(image.facts())
            else:
                put(*_line(image))


@app.command()
def show(
    image_id: Annotated[str, typer.Argument(help="of a picture")],
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Show what is known of a picture."""
    with connected(url, token) as client:
        image = client.get(image_id)
        if as_json:
            put_json({**image.facts(), "url": image.url})
            return
        for name, value in {**image.facts(), "url": image.url}.items():
            put(f"{name}:", ", ".join(value) if name == "tags" else value)


@app.command()
def tags(
    prefix: Annotated[str, typer.Argument(help="how they begin")] = "",
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List the tags there are, with how many pictures have them."""
    with connected(url, token) as client:
        for tag in client.tags(prefix):
            if as_json:
                put_json({"tag": tag.name, "count": tag.count, "exact": tag.count_is_exact})
            else:
                put(f"{tag.count}{'' if tag.count_is_exact else '+'}", tag.name)


@app.command()
def transforms(
    name: Annotated[str, typer.Argument(help="only this operation, with its arguments")] = "",
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List the operations, or tell the arguments of one."""
    with connected(url, token) as client:
        operations = client.transforms()["operations"]
    chosen = [item for item in operations if not name or name in (item["name"], *item["aliases"])]
    if not chosen:
        say(f"there is no operation {name!r}; `progimage transforms` lists them", "red")
        raise typer.Exit(1)
    for item in chosen:
        if as_json:
            put_json(item)
        elif not name:
            put(item["example"], item["summary"])
        else:
            put(item["example"])
            for line in item["description"].splitlines():
                put(line)
            for argument, schema in item["arguments"]["properties"].items():
                put(f"  {argument}", _expected(schema))


def _line(image: Image) -> list[str]:
    size = f"{image.width}x{image.height}"
    name = image.title or image.file_name or "-"
    is_private = ["private"] if image.visibility == "private" else []
    return [image.id, size, image.media_type, name, ", ".join(image.tags), *is_private]


def _expected(schema: dict[str, Any]) -> str:
    said = [schema["description"]] if "description" in schema else []
    if "enum" in schema:
        said.append(f"one of {', '.join(schema['enum'])}")
    if "minimum" in schema:
        said.append(f"{schema['minimum']:g} to {schema['maximum']:g}")
    if "default" in schema:
        said.append(f"by default {schema['default']}")
    return "; ".join(said) or schema["type"]
