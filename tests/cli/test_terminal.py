"""Tables, colours and encodings of terminals."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.cells import cell_len

from progimage import __version__


def test_nothing_is_coloured_when_it_is_piped(use, image_id):
    for arguments in (["ls"], ["--help"], ["show", "0" * 64]):
        done = use(*arguments) if arguments != ["--help"] else use("ls", "--help")
        assert b"\x1b" not in done.out
        assert "\x1b" not in done.err


def test_a_table_fits_the_terminal(url, image_id, use):
    """A pseudo-terminal of 60 columns."""
    use("edit", image_id, "--title", "A very long title " * 5 + "\u6f22\u5b57" * 20)
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    command = [Path(sys.executable).with_name("progimage"), "ls", "--url", url]
    environ = {**os.environ, "PYTHONUTF8": "1", "TERM": "xterm", "COLUMNS": ""}
    subprocess.run(command, stdout=child, env=environ, check=True, timeout=30)
    os.close(child)
    received = b""
    with contextlib.suppress(OSError):
        while data := os.read(parent, 65536):
            received += data
    os.close(parent)
    lines = received.decode().splitlines()
    assert lines[0].startswith(image_id[:12] + " ")
    assert "\u2026" in lines[0]
    assert [line for line in lines if cell_len(line) > 60] == []


def test_a_terminal_with_another_encoding_gets_escapes(url, image_id, use):
    use("edit", image_id, "--title", "\u6f22 \U0001f600 caf\u00e9")
    command = [Path(sys.executable).with_name("progimage"), "ls", "-n", "1", "--url", url]
    environ = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}

    def run(*arguments):
        done = subprocess.run(
            [*command, *arguments], env=environ, check=True, capture_output=True, timeout=30
        )
        assert done.stderr == b""
        return done.stdout

    assert rb"\u6f22 \U0001f600 caf" + b"\xe9" in run()
    assert json.loads(run("--json"))["title"] == "\u6f22 \U0001f600 caf\u00e9"
    assert b"Usage" in run("--help")


def test_the_version_is_printed(run):
    assert run("--version").lines == [f"progimage {__version__}"]
