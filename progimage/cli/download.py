"""Download originals and renditions, and sign links to them."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from progimage.cli.connection import AsJson, uses_server
from progimage.cli.ids import full_id
from progimage.cli.terminal import CommandError, message, print_json, print_row
from progimage.client import Client
from progimage.imaging.codecs.formats import KNOWN

app = typer.Typer()

ImageId = Annotated[str, typer.Argument(help="id of an image, or its beginning")]
Output = Annotated[
    str, typer.Option("--output", "-o", help="a file or folder; - for standard output")
]
Force = Annotated[bool, typer.Option("--force", help="overwrite an existing file")]
Pipeline = Annotated[
    str, typer.Argument(help="steps, such as thumbnail:200x200 or resize:w=400/sepia.webp")
]

_EXTENSIONS = {form.media_type: form.extension for form in KNOWN}


@app.command(
    epilog="""Examples:

    progimage get ID

    progimage get ID -o - | exiftool -"""
)
@uses_server
def get(client: Client, image_id: ImageId, output: Output = ".", is_forced: Force = False) -> None:
    """Download an original; into the current folder, under the file name of its upload."""
    image_id, stem = full_id(client, image_id), ""
    if output != "-" and Path(output).is_dir():
        # Another user chose the name: take its last part only, and no hidden file.
        file_name = client.get(image_id).file_name.replace("\\", "/")
        stem = Path(file_name).name.lstrip(".")
    _save(client, image_id, "", output, stem, is_forced=is_forced)


@app.command(
    epilog="""Examples:

    progimage render ID thumbnail:200x200.webp -o small.webp

    progimage render ID resize:w=400/grayscale -f avif -o - > grey.avif"""
)
@uses_server
def render(
    client: Client,
    image_id: ImageId,
    pipeline: Pipeline,
    form: Annotated[str, typer.Option("--format", "-f", help="such as webp, or auto")] = "",
    output: Output = ".",
    is_forced: Force = False,
) -> None:
    """Download a rendition; in a folder its file has the extension of the received format."""
    steps = f"{pipeline}.{form}" if form else pipeline
    _save(client, full_id(client, image_id), steps, output, "", is_forced=is_forced)


@app.command(
    epilog="""Example:

    progimage link ID thumbnail.webp --expires-in 86400"""
)
@uses_server
def link(
    client: Client,
    image_id: ImageId,
    pipeline: Pipeline = "",
    expires_in: Annotated[int, typer.Option(min=1, help="seconds")] = 3600,
    as_json: AsJson = False,
) -> None:
    """Print a signed link to an original or a rendition, for people without an account."""
    signed = client.link(full_id(client, image_id), pipeline, expires_in)
    if as_json:
        print_json(signed._asdict())
    else:
        print_row(signed.url)


@app.command(
    epilog="""Examples:

    progimage html ID

    progimage html ID grayscale --widths 320,640 --sizes '(min-width: 800px) 50vw, 100vw'"""
)
@uses_server
def html(
    client: Client,
    image_id: ImageId,
    pipeline: Pipeline = "",
    widths: Annotated[str, typer.Option(help="pixels, separated by commas")] = "",
    sizes: Annotated[str, typer.Option(help="the attribute of the HTML")] = "",
    expires_in: Annotated[
        int | None, typer.Option(min=1, help="seconds, for the addresses of a private image")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the HTML that shows an image in several widths and formats."""
    try:
        numbers = [int(width) for width in widths.split(",") if width.strip()]
    except ValueError:
        raise CommandError(f"--widths: expected numbers such as 320,640, got {widths!r}") from None
    image = client.get(full_id(client, image_id))
    found = image.responsive(numbers, pipeline, sizes=sizes, expires_in=expires_in)
    if as_json:
        print_json(found._asdict())
    else:
        print(found.picture)


def _save(
    client: Client, image_id: str, pipeline: str, output: str, name: str, *, is_forced: bool
) -> None:
    """Download to `output`; in a folder as `name`, or else the id and the right extension.

    Raises:
        CommandError: the file exists, or cannot be written.
    """
    path = Path(output)
    if output == "-":
        if sys.stdout.isatty():
            raise CommandError("a terminal cannot show an image; use -o FILE, or a pipe")
        client.save(image_id, sys.stdout.buffer, pipeline)
        return
    is_folder = path.is_dir()
    try:
        if path.exists() and not is_folder and not path.is_file():
            with path.open("wb") as device:
                client.save(image_id, device, pipeline)
            return
        known = path / name if is_folder and name else None if is_folder else path
        if known is not None:
            _check_absent(known, is_forced=is_forced)
        folder = path if is_folder else path.parent
        handle, temporary = tempfile.mkstemp(prefix=".progimage-", dir=folder)
        os.close(handle)
        try:
            saved = client.save(image_id, temporary, pipeline)
            target = known or path / f"{image_id[:16]}.{_extension(saved.media_type)}"
            _check_absent(target, is_forced=is_forced)
            Path(temporary).replace(target)
        finally:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    message(f"{target}: {saved.size_bytes:,} bytes")


def _check_absent(path: Path, *, is_forced: bool) -> None:
    if path.exists() and not is_forced:
        raise CommandError(f"{path}: the file exists; --force overwrites it")


def _extension(media_type: str) -> str:
    name = media_type.partition(";")[0].strip().lower()
    return _EXTENSIONS.get(name, name.rpartition("/")[2] or "bin")
