"""The `progimage` command: use a server, run one, and maintain its store."""

from progimage.cli.commands import app, main

__all__ = ["app", "main"]
