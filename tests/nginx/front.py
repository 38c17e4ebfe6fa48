"""nginx with the shipped configuration, in front of a running service."""

from __future__ import annotations

import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from os import geteuid
from pathlib import Path
from typing import Self

from tests.serving.server import ROOT, Server, wait_until

CONF = ROOT / "deploy" / "nginx.conf"
NOWHERE = "127.0.0.1:1"
_MYSELF = pwd.getpwuid(geteuid()).pw_name


class Front(Server):
    """One running nginx, which is asked as the service itself is."""

    def __init__(self, folder: Path, store: Path, *upstreams: str, user: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.store = f"file://{store}"
        self.log_file = folder / "error.log"
        self.access_log = folder / "access.log"
        self.address = ("127.0.0.1", _free_port())
        self.conf = folder / "nginx.conf"
        self.conf.write_text(_edited(self, store, upstreams, user or _MYSELF), "utf-8")

    def start(self) -> Self:
        """Start, and return when it answers."""
        self.process = subprocess.Popen(
            [_nginx(), "-p", self.folder, "-c", self.conf, "-g", "daemon off;"],
            start_new_session=True,
        )
        wait_until(lambda: self._listens() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0


@contextmanager
def in_front(folder: Path, store: Path, *upstreams: str, user: str = "") -> Iterator[Front]:
    """Run nginx, as `user` or else as we run, over `store` before services at host:port each."""
    front = Front(folder, store, *upstreams, user=user)
    try:
        yield front.start()
    finally:
        front.close()


def host_port(server: Server) -> str:
    """Return where a server listens, as nginx writes it."""
    return f"{server.address[0]}:{server.address[1]}"


def complaints(conf: Path) -> str:
    """Return what `nginx -t` has against a configuration; nothing if it is valid."""
    done = subprocess.run(
        [_nginx(), "-t", "-q", "-p", conf.parent, "-c", conf],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode or "[warn]" in done.stderr else ""


def replaced(text: str, line: str, new: str) -> str:
    """Return a configuration with its one line that matches `line` replaced."""
    text, count = re.subn(rf"(?m)^\s*{line}.*$", lambda _: new, text)
    assert count == 1, f"{count} lines of nginx.conf match {line!r}"
    return text


def _edited(front: Front, store: Path, upstreams: tuple[str, ...], user: str) -> str:
    """Edit what an operator edits, and keep the temporary files in the folder too."""
    text = CONF.read_text("utf-8")
    temporary = "".join(
        f"{kind}_temp_path {front.folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = replaced(text, "http {", f"http {{\n{temporary}")
    # Without root nginx stays who it is, and warns of a line that says so.
    text = replaced(text, "user ", f"user {user};" if geteuid() == 0 else "")
    text = replaced(text, "pid ", f"pid {front.folder}/pid;")
    text = replaced(text, "error_log ", f"error_log {front.log_file} warn;")
    text = replaced(text, "worker_processes ", "worker_processes 2;")
    text = replaced(text, "access_log ", f"access_log {front.access_log} progimage;")
    text = replaced(text, "listen ", f"listen {host_port(front)};")
    text = replaced(text, "root ", f"root {store};")
    return replaced(text, r"server [\d.:]+;", "".join(f"server {u};\n" for u in upstreams))


def _nginx() -> str:
    found = shutil.which("nginx")
    assert found, "nginx is missing; make test-nginx installs it or says how"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
