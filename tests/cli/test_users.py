"""`progimage user`: the operator's side of accounts."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from progimage.access.accounts.users import Users
from progimage.cli.users import app
from progimage.errors import InvalidField, NameTaken, NotFound
from progimage.stores import create_store, open_store
from progimage.telemetry import logs
from tests.people import PASSWORD


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs a command over a folder of its own."""
    monkeypatch.setenv("PROGIMAGE_STORE", f"file://{tmp_path}/store")
    create_store(f"file://{tmp_path}/store")
    monkeypatch.delenv("PROGIMAGE_SETTINGS", raising=False)
    monkeypatch.chdir(tmp_path)
    # It would bind the log of this whole process to the runner's own standard error.
    monkeypatch.setattr(logs, "configure", lambda settings: None)

    def run(*words: str, typed: str = "") -> str:
        result = CliRunner().invoke(app, ["user", *words], input=typed, catch_exceptions=False)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.stdout

    return run


@pytest.fixture
def users(run, tmp_path) -> Users:
    return Users(open_store(f"file://{tmp_path}/store"))


def test_accounts_are_created_listed_disabled_and_enabled(run, users):
    run("add", "ann", "--admin", typed=f"{PASSWORD}\n")
    run("add", "Bob", typed=f"{PASSWORD}\n")
    run("disable", "bob")
    lines = [line.split("\t")[:2] for line in run("list").splitlines()]
    assert lines == [["ann", "admin"], ["bob", "disabled"]]
    run("enable", "BOB")
    assert not users.find("bob").is_disabled


def test_a_password_is_read_from_standard_input_and_changed(run, users):
    run("add", "ann", typed=f"{PASSWORD}\n")
    before = users.find("ann").password_hash
    run("password", "ann", typed="another good password\n")
    assert users.find("ann").password_hash != before


def test_complaints_are_our_own(run):
    with pytest.raises(InvalidField, match="password"):
        run("add", "ann", typed="short\n")
    with pytest.raises(InvalidField, match="username"):
        run("add", "me", typed=f"{PASSWORD}\n")
    run("add", "ann", typed=f"{PASSWORD}\n")
    with pytest.raises(NameTaken):
        run("add", "ANN", typed=f"{PASSWORD}\n")
    with pytest.raises(NotFound):
        run("disable", "nobody-here")


def test_an_account_is_erased_after_a_yes_and_erased_again_in_vain(run, users):
    run("add", "ann", typed=f"{PASSWORD}\n")
    run("erase", "ann", typed="n\n")
    assert users.find("ann")
    assert run("erase", "Ann", typed="y\n").endswith("deleted 1 account\n")
    assert run("erase", "ann", "--yes").endswith("there was nothing left\n")
    with pytest.raises(NotFound):
        users.find("ann")
