"""What a command prints when it fails."""

from __future__ import annotations

from progimage.cli.terminal import CommandError, message
from progimage.client import ClientError, InvalidCall, Unauthorized
from progimage.errors import ProgImageError


def report(error: Exception) -> int:
    """Print an error that is no fault of the program, and return the exit code.

    Raises:
        Exception: the error itself, if it is a fault of the program.
    """
    if isinstance(error, (ProgImageError, CommandError, InvalidCall)):
        # An error of the settings has a line for each of them.
        for line in f"progimage: {error}".splitlines():
            message(line, "red")
        return 2
    if isinstance(error, ClientError):
        message(f"progimage: {error}", "red")
        if isinstance(error, Unauthorized):
            message("log in with `progimage login NAME`, or set PROGIMAGE_TOKEN to an API key")
        return 1
    if isinstance(error, OSError):
        # An error of this machine, such as a full disk.
        where = f"{error.filename}: " if error.filename else ""
        message(f"progimage: {where}{error.strerror or error}", "red")
        return 1
    raise error
