"""`progimage`: serve, and keep a store in order.

Each module holds the commands of one subject in a `Typer` named `app`; this one joins them.
"""

from __future__ import annotations

import sys

import typer

from progimage.cli import serving, upkeep
from progimage.cli.terminal import console
from progimage.errors import ProgImageError

app = typer.Typer(
    help="A self-hosted image service with no database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
for part in (serving, upkeep):
    app.add_typer(part.app)


def main() -> None:
    """Run the command line; complaints are one line each, without a stack trace."""
    try:
        app()
    except ProgImageError as error:
        console.print(f"progimage: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)
