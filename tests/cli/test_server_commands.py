"""Which commands need the packages of the server."""

from __future__ import annotations

from importlib import import_module

import typer

from progimage.cli.server_commands import MODULES, NAMES


def test_every_command_of_those_modules_is_named():
    app = typer.Typer()
    for module in MODULES:
        app.add_typer(import_module(f"progimage.cli.{module}").app)
    assert set(typer.main.get_command(app).commands) == set(NAMES)
