"""`progimage create-store` and `upgrade-store`, and commands where there is no store."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from progimage.cli import commands
from progimage.errors import ConfigError
from progimage.library import Library
from progimage.stores.folder.store import FilesystemStore
from progimage.telemetry import logs
from tests.candidates import add


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PROGIMAGE_STORE", f"file://{tmp_path}/store")
    # It would bind the log of this whole process to the runner's own standard error.
    monkeypatch.setattr(logs, "configure", lambda _: None)
    return tmp_path / "store"


def run(*arguments: str):
    return CliRunner().invoke(commands.app, arguments)


def test_a_store_is_created_once(folder):
    assert "created a store" in run("create-store").output
    before = (folder / "store.json").read_bytes()
    assert "there is a store already" in run("create-store").output
    assert (folder / "store.json").read_bytes() == before
    assert run("check").exit_code == 0


@pytest.mark.parametrize("command", ["check", "gc", "reindex", "user list", "link-key"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_command_on_a_mistyped_or_empty_store_is_an_error_and_makes_nothing(
    folder, command, is_there
):
    if is_there:
        folder.mkdir()
    result = run(*command.split())
    assert isinstance(result.exception, ConfigError)
    assert "create-store" in str(result.exception)
    assert folder.exists() == is_there
    assert not is_there or list(folder.iterdir()) == []


def test_a_store_of_an_older_release_is_upgraded_by_a_command(folder):
    add(Library(FilesystemStore(folder)), b"picture")
    assert "upgrade-store" in str(run("check").exception)
    assert "the store has format" in run("upgrade-store").output
    assert run("check").exit_code == 0
