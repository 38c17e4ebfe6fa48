"""`progimage prepare`, on a folder store with a real render process."""

from __future__ import annotations

import io

import pytest
from typer.testing import CliRunner

from progimage import keys
from progimage.cli import commands
from progimage.errors import ConfigError
from progimage.model import Metadata
from progimage.stores import create_store, open_store
from tests.imaging.drawing import quadrants, saved
from tests.ingest.test_ingest import ingest_of


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"file://{tmp_path}/store"
    monkeypatch.setenv("PROGIMAGE_STORE", url)
    create_store(url)
    return open_store(url)


def prepare():
    return CliRunner().invoke(commands.app, ["prepare", "--workers", "1"])


def test_missing_copies_are_made_and_counted(store):
    ingest = ingest_of(store, px=0)
    for size in ((2000, 1300), (40, 30)):
        ingest.add(ingest.receive(io.BytesIO(saved(quadrants(size), "JPEG"))), Metadata())
    first, again = prepare(), prepare()
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "made 2 working copies for 1 pictures; 0 had theirs, 0 failed" in first.output
    assert "made 0 working copies for 0 pictures; 1 had theirs, 0 failed" in again.output
    assert len(list(store.list(keys.COPIES))) == 2


def test_it_says_so_where_copies_are_off(store, monkeypatch):
    monkeypatch.setenv("PROGIMAGE_RENDER_WORKING_COPY_PX", "0")
    assert isinstance(prepare().exception, ConfigError)
