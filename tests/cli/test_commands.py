"""Which commands there are, and that each loads only what it needs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
import typer

from progimage.cli.commands import CLIENT_COMMANDS
from progimage.cli.server_commands import SERVER_COMMANDS

TABLE = CLIENT_COMMANDS | SERVER_COMMANDS


@pytest.mark.parametrize("module", TABLE)
def test_a_module_has_the_commands_that_are_named(module):
    group = typer.main.get_group(import_module(f"progimage.cli.{module}").app)
    assert tuple(group.commands) == TABLE[module]


def test_the_help_names_every_command(run):
    shown = run("--help")
    assert shown.code == 0
    for names in TABLE.values():
        for name in names:
            assert f" {name} " in shown.text


def test_a_mistyped_command_gets_a_suggestion(run):
    assert "'upload'" in run("uplaod").err


def test_a_command_imports_only_its_own_module():
    """Else each command, the start of the server too, would wait for the imports of all."""
    code = (
        "import sys; from progimage.cli import app; "
        "app(['serve', '--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "progimage.cli.serve" in loaded
    assert not loaded & {"progimage.cli.upload", "progimage.client", "progimage.library", "falcon"}
