"""The commands that run a server or open its store: they need the extra `server`."""

from __future__ import annotations

import typer

from progimage.errors import ConfigError

SERVER_COMMANDS = {
    "serve": ("serve",),
    "settings": ("settings",),
    "worker": ("worker",),
    "store": ("create-store", "upgrade-store"),
    "maintenance": ("check", "reindex", "gc", "stats"),
    "index": ("index",),
    "prepare": ("prepare",),
    "quarantine": ("quarantine",),
    "copy_store": ("copy-store",),
    "users": ("user",),
    "link_key": ("link-key",),
    "translate": ("translate",),
    "webhooks": ("webhooks",),
}
"""The commands of each module."""

without_server = typer.Typer()
"""The same commands where the packages of the server are missing: each says so."""


def _missing(context: typer.Context) -> None:
    raise ConfigError(
        f"{context.command.name}: needs the packages of the server; install progimage-service "
        "with its extra 'server'"
    )


for _names in SERVER_COMMANDS.values():
    for _name in _names:
        without_server.command(
            _name,
            hidden=True,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )(_missing)
