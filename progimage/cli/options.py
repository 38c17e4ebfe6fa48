"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="tag of each image")]
IsPrivate = Annotated[bool, typer.Option("--private", help="only you can see the images")]
