"""Start the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import progimage
from progimage import config
from progimage.errors import ConfigError

app = typer.Typer()

_PACKAGE = Path(progimage.__file__).parent
# It is in the package in a wheel, and beside it in a checkout.
_GUNICORN_CONFS = (
    _PACKAGE / "server" / "gunicorn.conf.py",
    _PACKAGE.parent / "settings" / "gunicorn.conf.py",
)


@app.command()
def serve(
    gunicorn_conf: Annotated[
        Path | None,
        typer.Option("--config", help="gunicorn settings, instead of the built-in ones"),
    ] = None,
    creates: Annotated[
        bool,
        typer.Option(
            "--create-store", help="create a store first if the folder is missing or empty"
        ),
    ] = False,
) -> None:
    """Start the server; `progimage settings` lists the settings."""
    if gunicorn_conf is None:
        gunicorn_conf = next(path for path in _GUNICORN_CONFS if path.is_file())
    elif not gunicorn_conf.is_file():
        raise ConfigError(f"--config: there is no file {gunicorn_conf}")
    gunicorn = Path(sys.executable).with_name("gunicorn")
    command = [str(gunicorn), "--config", str(gunicorn_conf)]
    # Names in a folder store are UTF-8 in every locale.
    os.execve(gunicorn, command, config.environment(PYTHONUTF8="1", **_creating(creates)))  # noqa: S606


def _creating(creates: bool) -> dict[str, str]:
    return {config.variable(("create_store",)): "true"} if creates else {}
