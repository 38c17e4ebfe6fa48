"""Albums: create, show, change, order and share them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from progimage.cli.bulk import ImageIds, ids_of, report, visibility_of
from progimage.cli.connection import LOCAL_URL, AsJson, CaFile, Token, Url, connected
from progimage.cli.search import Limit, limited
from progimage.cli.terminal import Table, confirm, message, print_json, print_row
from progimage.client import Album

app = typer.Typer()
commands = typer.Typer(help="Create, show, change, order and share albums.")
app.add_typer(commands, name="album")

AlbumId = Annotated[str, typer.Argument(help="id of an album")]
Private = Annotated[bool | None, typer.Option("--private/--public", help="who can read it")]


@commands.command("list")
def show_all(
    limit: Limit = 50,
    as_json: AsJson = False,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """List your albums, the newest first: id, number of images, visibility, title."""
    with connected(url, token, ca_file) as client:
        table = Table(32, 5, 7, 0)
        for album in limited(client.albums(), limit):
            if as_json:
                print_json(asdict(album))
            else:
                table.add(album.id, album.count, album.visibility, album.title)


@commands.command()
def show(
    album_id: AlbumId,
    as_json: AsJson = False,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Show the fields of an album."""
    with connected(url, token, ca_file) as client:
        fields = asdict(client.album(album_id))
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        print_row(f"{name}:", value)


@commands.command()
def images(
    album_id: AlbumId,
    limit: Limit = 0,
    as_json: AsJson = False,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """List the images of an album, in order: id, size, title or file name."""
    with connected(url, token, ca_file) as client:
        table = Table(64, 11, 0)
        for image in limited(client.album_images(album_id), limit):
            if as_json:
                print_json(image.facts())
            else:
                size = f"{image.width}x{image.height}"
                table.add(image.id, size, image.title or image.file_name)


@commands.command(
    epilog="""Example:

    progimage ls --tag sea --json --limit 0 | jq -r .id | progimage album create Harbours -"""
)
def create(
    title: Annotated[str, typer.Argument(help="title of the album")],
    image_ids: Annotated[
        list[str] | None, typer.Argument(help="ids of images; - for standard input")
    ] = None,
    description: Annotated[str, typer.Option(help="the description")] = "",
    is_private: Private = None,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Create an album of images in this order, and print its id."""
    with connected(url, token, ca_file) as client:
        ids, visibility = ids_of(image_ids or ()), visibility_of(is_private)
        print(client.create_album(title, ids, visibility, description).id)


@commands.command()
def edit(
    album_id: AlbumId,
    title: Annotated[str | None, typer.Option(help="the title")] = None,
    description: Annotated[str | None, typer.Option(help='the description; "" for none')] = None,
    cover: Annotated[
        str | None, typer.Option(help='id of the image that stands for it; "" for the first')
    ] = None,
    is_private: Private = None,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Change title, description, cover or visibility of an album."""
    with connected(url, token, ca_file) as client:
        edited = client.edit_album(
            album_id,
            title=title,
            description=description,
            cover=cover,
            visibility=visibility_of(is_private),
        )
    _report(edited)


@commands.command()
def order(
    album_id: AlbumId,
    image_ids: ImageIds,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Set the images of an album and their order; those that are not named leave it."""
    with connected(url, token, ca_file) as client:
        edited = client.edit_album(album_id, images=ids_of(image_ids))
    _report(edited)


@commands.command()
def add(
    album_id: AlbumId,
    image_ids: ImageIds,
    before: Annotated[
        str | None, typer.Option(help="in front of the image with this id; else at the end")
    ] = None,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Add images to an album, or move them in it. Exit code 1 if some could not be added."""
    with connected(url, token, ca_file) as client:
        results = client.change_album(album_id, add=ids_of(image_ids), before=before)
    report(results, "added")


@commands.command()
def remove(
    album_id: AlbumId,
    image_ids: ImageIds,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Remove images from an album; they are not deleted."""
    with connected(url, token, ca_file) as client:
        client.change_album(album_id, remove=ids_of(image_ids))
        _report(client.album(album_id))


@commands.command()
def link(
    album_id: AlbumId,
    expires_in: Annotated[int, typer.Option(min=1, help="seconds until it expires")] = 3600,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Print a signed address that shows an album to everybody until it expires."""
    with connected(url, token, ca_file) as client:
        signed = client.album_link(album_id, expires_in)
    print(signed.url)
    message(f"valid until {signed.expires}")


@commands.command()
def rm(
    album_id: AlbumId,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Delete an album; its images stay."""
    if not is_sure:
        confirm("Delete this album?")
    with connected(url, token, ca_file) as client:
        client.delete_album(album_id)


def _report(album: Album) -> None:
    message(f"{album.id}: revision {album.revision}, {album.count} images")
