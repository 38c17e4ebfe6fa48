"""Commands of the server where only the client is installed."""

from __future__ import annotations

import typer

from progimage.cli.server_commands import SERVER_COMMANDS, without_server


def test_without_the_packages_of_the_server_its_commands_are_there_all_the_same():
    named = [name for names in SERVER_COMMANDS.values() for name in names]
    assert list(typer.main.get_group(without_server).commands) == named
