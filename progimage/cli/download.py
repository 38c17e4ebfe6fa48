"""Get originals, renditions, and signed addresses of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from progimage.cli.connection import HERE, AsJson, Token, Url, connected
from progimage.cli.terminal import Complaint, put, put_json, say
from progimage.client import Client
from progimage.client.sinks import Target

app = typer.Typer()

ImageId = Annotated[str, typer.Argument(help="of a picture")]
Output = Annotated[
    str, typer.Option("--output", "-o", help="a file or folder; - for standard output")
]
Pipeline = Annotated[
    str, typer.Argument(help="steps, such as thumbnail:200x200 or resize:w=400/sepia.webp")
]


@app.command(
    epilog="""Examples:

    progimage get ID

    progimage get ID -o - | exiftool -"""
)
def get(image_id: ImageId, output: Output = ".", url: Url = HERE, token: Token = "") -> None:
    """Download an original; into the current folder, under the name it came with."""
    with connected(url, token) as client:
        name = ""
        if output != "-" and Path(output).is_dir():
            image = client.get(image_id)
            # The name came from whoever uploaded it: a last part of a path and no more.
            name = Path(image.file_name.replace("\\", "/")).name.lstrip(".")
            name = name or f"{image_id[:16]}.{image.media_type.rpartition('/')[2]}"
        _save(client, image_id, "", output, name)


@app.command(
    epilog="""Examples:

    progimage render ID thumbnail:200x200.webp -o small.webp

    progimage render ID resize:w=400/grayscale -f avif -o - > grey.avif"""
)
def render(
    image_id: ImageId,
    pipeline: Pipeline,
    form: Annotated[str, typer.Option("--format", "-f", help="such as webp, or auto")] = "",
    output: Output = ".",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Download a rendition."""
    with connected(url, token) as client:
        written = f"{pipeline}.{form}" if form else pipeline
        extension = written.rpartition(".")[2] if "." in written.rpartition("/")[2] else ""
        suffix = f".{extension}" if extension.isalnum() else ""
        _save(client, image_id, written, output, f"{image_id[:16]}{suffix}")


@app.command(
    epilog="""Example:

    progimage link ID thumbnail.webp --expires-in 86400"""
)
def link(
    image_id: ImageId,
    pipeline: Pipeline = "",
    expires_in: Annotated[int, typer.Option(min=1, help="seconds")] = 3600,
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Print a signed address of an original or a rendition, for those without an account."""
    with connected(url, token) as client:
        signed = client.link(image_id, pipeline, expires_in)
        if as_json:
            put_json(signed._asdict())
        else:
            put(signed.url)


def _save(client: Client, image_id: str, pipeline: str, output: str, name: str) -> None:
    if output == "-":
        if sys.stdout.isatty():
            raise Complaint("a terminal cannot show a picture; use -o FILE, or pipe it on")
        client.save(image_id, sys.stdout.buffer, pipeline)
        return
    path = Path(output)
    if path.is_dir():
        path /= name
    target: Target = path
    try:
        size = client.save(image_id, target, pipeline)
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}") from None
    say(f"{path}: {size:,} bytes")
