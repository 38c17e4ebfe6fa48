"""Show the settings."""

from __future__ import annotations

import typer

from progimage.config.reference import default_toml

app = typer.Typer()


@app.command()
def settings() -> None:
    """Print every setting with its meaning and its default, as a TOML file."""
    typer.echo(default_toml(), nl=False)
