"""The commands that run a server or open its store: they need the extra `server`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

from progimage.errors import ConfigError

MODULES = (
    *("serve", "settings", "worker", "store"),
    *("maintenance", "index", "prepare", "quarantine", "copy_store", "users", "link_key"),
    *("translate", "webhooks"),
)
NAMES = (
    *("serve", "settings", "worker", "create-store", "upgrade-store"),
    *("check", "gc", "reindex", "stats", "index", "prepare", "quarantine", "copy-store", "user"),
    *("link-key", "translate", "webhooks"),
)


def add_to(app: typer.Typer) -> None:
    """Add the commands, or, where the server's packages are missing, ones that say so."""
    if find_spec("falcon"):
        for module in MODULES:
            app.add_typer(import_module(f"progimage.cli.{module}").app)
        return
    any_arguments = {"ignore_unknown_options": True, "allow_extra_args": True}
    for name in NAMES:
        app.command(name, hidden=True, context_settings=any_arguments)(_missing)


def _missing(context: typer.Context) -> None:
    raise ConfigError(
        f"{context.command.name}: needs the packages of the server; install progimage-service "
        "with its extra 'server'"
    )
