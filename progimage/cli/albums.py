"""Albums: create, show, change, order and share them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from progimage.cli.bulk import ImageIds, report, visibility_of
from progimage.cli.connection import AsJson, uses_server
from progimage.cli.ids import full_ids
from progimage.cli.search import Limit, limited
from progimage.cli.terminal import Table, confirm, message, print_json, print_row
from progimage.client import Album, Client

app = typer.Typer()
commands = typer.Typer(help="Create, show, change, order and share albums.")
app.add_typer(commands, name="album")

AlbumId = Annotated[str, typer.Argument(help="id of an album")]
Private = Annotated[bool | None, typer.Option("--private/--public", help="who can read it")]


@commands.command("list")
@uses_server
def show_all(client: Client, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List your albums, the newest first: id, number of images, visibility, title."""
    table = Table(32, 5, 7, 0, as_json=as_json)
    for album in limited(client.albums(), limit):
        table.show(asdict(album), album.id, album.count, album.visibility, album.title)


@commands.command()
@uses_server
def show(client: Client, album_id: AlbumId, as_json: AsJson = False) -> None:
    """Show the fields of an album."""
    fields = asdict(client.album(album_id))
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        print_row(f"{name}:", value)


@commands.command()
@uses_server
def images(client: Client, album_id: AlbumId, limit: Limit = 0, as_json: AsJson = False) -> None:
    """List the images of an album, in order: id, size, title or file name."""
    table = Table(64, 11, 0, as_json=as_json)
    for image in limited(client.album_images(album_id), limit):
        size = f"{image.width}x{image.height}"
        table.show(image.facts(), image.id, size, image.title or image.file_name)


@commands.command(
    epilog="""Example:

    progimage ls --tag sea --json --limit 0 | jq -r .id | progimage album create Harbours -"""
)
@uses_server
def create(
    client: Client,
    title: Annotated[str, typer.Argument(help="title of the album")],
    image_ids: Annotated[
        list[str] | None, typer.Argument(help="ids of images; - for standard input")
    ] = None,
    description: Annotated[str, typer.Option(help="the description")] = "",
    is_private: Private = None,
) -> None:
    """Create an album of images in this order, and print its id."""
    ids, visibility = full_ids(client, image_ids or ()), visibility_of(is_private)
    print(client.create_album(title, ids, visibility, description).id)


@commands.command()
@uses_server
def edit(
    client: Client,
    album_id: AlbumId,
    title: Annotated[str | None, typer.Option(help="the title")] = None,
    description: Annotated[str | None, typer.Option(help='the description; "" for none')] = None,
    cover: Annotated[
        str | None, typer.Option(help='id of the image that stands for it; "" for the first')
    ] = None,
    is_private: Private = None,
) -> None:
    """Change title, description, cover or visibility of an album."""
    edited = client.edit_album(
        album_id,
        title=title,
        description=description,
        cover=cover,
        visibility=visibility_of(is_private),
    )
    _report(edited)


@commands.command()
@uses_server
def order(client: Client, album_id: AlbumId, image_ids: ImageIds) -> None:
    """Set the images of an album and their order; those that are not named leave it."""
    edited = client.edit_album(album_id, images=full_ids(client, image_ids))
    _report(edited)


@commands.command()
@uses_server
def add(
    client: Client,
    album_id: AlbumId,
    image_ids: ImageIds,
    before: Annotated[
        str | None, typer.Option(help="in front of the image with this id; else at the end")
    ] = None,
) -> None:
    """Add images to an album, or move them in it. Exit code 1 if some could not be added."""
    results = client.change_album(album_id, add=full_ids(client, image_ids), before=before)
    report(results, "added")


@commands.command()
@uses_server
def remove(client: Client, album_id: AlbumId, image_ids: ImageIds) -> None:
    """Remove images from an album; they are not deleted."""
    client.change_album(album_id, remove=full_ids(client, image_ids))
    _report(client.album(album_id))


@commands.command()
@uses_server
def link(
    client: Client,
    album_id: AlbumId,
    expires_in: Annotated[int, typer.Option(min=1, help="seconds until it expires")] = 3600,
) -> None:
    """Print a signed address that shows an album to everybody until it expires."""
    signed = client.album_link(album_id, expires_in)
    print(signed.url)
    message(f"valid until {signed.expires}")


@commands.command()
@uses_server
def rm(
    client: Client,
    album_id: AlbumId,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Delete an album; its images stay."""
    if not is_sure:
        confirm("Delete this album?")
    client.delete_album(album_id)


def _report(album: Album) -> None:
    message(f"{album.id}: revision {album.revision}, {album.count} images")
