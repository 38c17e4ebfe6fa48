"""The `progimage` command: use a server, run one, and maintain its store.

Each module has the commands of one subject in a `Typer` named `app`. It is imported when one of
its commands is looked up, so that each command starts as fast as its own module.
"""

from __future__ import annotations

import sys
from collections import UserDict
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from progimage import __version__
from progimage.cli.server_commands import SERVER_COMMANDS
from progimage.cli.terminal import allow_any_text

CLIENT_COMMANDS = {
    "upload": ("upload",),
    "search": ("search", "ls", "show", "tags", "transforms"),
    "duplicates": ("duplicates",),
    "download": ("get", "render", "link", "html"),
    "edit": ("edit", "rm"),
    "bulk": ("bulk",),
    "albums": ("album",),
    "trash": ("trash", "restore"),
    "jobs": ("import-urls", "jobs"),
    "adopt": ("adopt",),
    "account": ("login", "account", "logout"),
}
"""The commands of each module."""


class _Commands(UserDict[str, Any]):
    """Commands by name, each imported when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        module, attribute = self.data[name]
        app = getattr(import_module(f"progimage.cli.{module}"), attribute)
        return typer.main.get_group(app).commands[name]


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(
            {name: (module, "app") for module, names in CLIENT_COMMANDS.items() for name in names}
        )
        has_server = find_spec("falcon") is not None
        for module, names in SERVER_COMMANDS.items():
            place = (module, "app") if has_server else ("server_commands", "without_server")
            self.commands |= dict.fromkeys(names, place)


app = typer.Typer(
    cls=_Group,
    help="A self-hosted image service with no database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


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
    except Exception as error:
        # Only here, since it imports the client, which the server does not need.
        from progimage.cli.failures import report  # noqa: PLC0415

        sys.exit(report(error))
