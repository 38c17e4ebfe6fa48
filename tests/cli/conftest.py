"""The command line in this process, and its environment."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from progimage.cli import commands
from progimage.telemetry import logs
from tests.imaging.drawing import quadrants, saved
from tests.system.serving.conftest import fresh_jpeg, jpeg, server

__all__ = ["fresh_jpeg", "jpeg", "server"]


@dataclass(frozen=True)
class Ran:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def json(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]


class _In(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), "utf-8")


@pytest.fixture
def url(server) -> str:
    return "http://{}:{}".format(*server.address)


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """A home directory for each test, and no settings in the environment."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    for name in ("PROGIMAGE_URL", "PROGIMAGE_TOKEN", "PROGIMAGE_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    # Else the log of this whole process is bound to the captured standard error of one test.
    monkeypatch.setattr(logs, "configure", lambda settings: None)
    return folder


@pytest.fixture
def run(monkeypatch, capfdbinary) -> Callable[..., Ran]:
    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["progimage", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", _In(stdin))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            commands.main()
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in err
        return Ran(ended.value.code or 0, out, err.decode())

    return call


@pytest.fixture
def use(run, url) -> Callable[..., Ran]:
    """Run a command against the service."""
    return lambda *arguments, stdin=b"": run(*arguments, "--url", url, stdin=stdin)


@pytest.fixture
def image_id(use, tmp_path, fresh_jpeg) -> str:
    """The id of an uploaded image."""
    path = tmp_path / "source" / "photo.jpg"
    path.parent.mkdir()
    path.write_bytes(fresh_jpeg)
    done = use("upload", path, "--json", "--tag", "cli-test", "--title", "Dusk")
    return done.json[0]["id"]


@pytest.fixture
def shots(tmp_path, fresh_jpeg) -> Path:
    """A folder with three images, one of them in a subfolder, and other files."""
    folder = tmp_path / "shots"
    (folder / "below").mkdir(parents=True)
    for n, path in enumerate(["a.png", "b.PNG", "below/c.png"]):
        (folder / path).write_bytes(saved(quadrants((30 + n, 20)), "PNG") + b"")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_text("not a picture")
    return folder
