"""`progimage`: talk to a server, run one, and keep its store in order.

Each module holds the commands of one subject in a `Typer` named `app`; this one joins them.
"""

from __future__ import annotations

import sys

import typer

from progimage.cli import account, adopt, download, edit, jobs, search, server_commands, upload
from progimage.cli.terminal import Complaint, say
from progimage.client import ClientError, InvalidCall, Unauthorized
from progimage.errors import ProgImageError

app = typer.Typer(
    help="A self-hosted image service with no database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
for part in (upload, search, download, edit, jobs, adopt, account):
    app.add_typer(part.app)
server_commands.add_to(app)


def main() -> None:
    """Run the command line; complaints are told without a stack trace."""
    try:
        app()
    except (ProgImageError, Complaint, InvalidCall) as error:
        # Settings have a line for each that cannot work.
        for line in f"progimage: {error}".splitlines():
            say(line, "red")
        sys.exit(2)
    except ClientError as error:
        say(f"progimage: {error}", "red")
        if isinstance(error, Unauthorized):
            say("`progimage login NAME` signs you in; or put an API key into PROGIMAGE_TOKEN")
        sys.exit(1)
    except OSError as error:
        # Of this machine: a disk that is full, a home that is nobody's.
        where = f"{error.filename}: " if error.filename else ""
        say(f"progimage: {where}{error.strerror or error}", "red")
        sys.exit(1)
