"""The `progimage` command: use a server, run one, and maintain its store.

Each module has the commands of one subject in a `Typer` named `app`; this one joins them.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from progimage import __version__
from progimage.cli import (
    account,
    adopt,
    albums,
    bulk,
    download,
    duplicates,
    edit,
    jobs,
    search,
    server_commands,
    trash,
    upload,
)
from progimage.cli.terminal import CommandError, allow_any_text, message
from progimage.client import ClientError, InvalidCall, Unauthorized
from progimage.errors import ProgImageError

app = typer.Typer(
    help="A self-hosted image service with no database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
for part in (upload, search, duplicates, download, edit, bulk, albums, trash, jobs, adopt, account):
    app.add_typer(part.app)
server_commands.add_to(app)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        print(f"progimage {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """A self-hosted image service with no database."""


def main() -> None:
    """Run the command line; errors are printed in a line each, without a stack trace."""
    allow_any_text()
    try:
        app()
    except (ProgImageError, CommandError, InvalidCall) as error:
        # An error of the settings has a line for each of them.
        for line in f"progimage: {error}".splitlines():
            message(line, "red")
        sys.exit(2)
    except ClientError as error:
        message(f"progimage: {error}", "red")
        if isinstance(error, Unauthorized):
            message("log in with `progimage login NAME`, or set PROGIMAGE_TOKEN to an API key")
        sys.exit(1)
    except OSError as error:
        # An error of this machine, such as a full disk.
        where = f"{error.filename}: " if error.filename else ""
        message(f"progimage: {where}{error.strerror or error}", "red")
        sys.exit(1)
