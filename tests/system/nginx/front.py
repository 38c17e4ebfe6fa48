"""nginx with the shipped configuration, in front of a running service."""

from __future__ import annotations

import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import geteuid
from pathlib import Path
from typing import Self

from tests.closed_port import reserve_port
from tests.system.serving.server import PATIENCE_S, ROOT, Peer, wait_until

CONF = ROOT / "deploy" / "nginx.conf"
NOWHERE = "127.0.0.1:1"
_MYSELF = pwd.getpwuid(geteuid()).pw_name


class Front(Peer):
    """One running nginx with a shipped configuration, edited as an operator edits it."""

    conf_file = CONF

    def __init__(self, folder: Path, store: Path, *upstreams: str, user: str = "") -> None:
        self.program = _nginx()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.error_log = folder / "error.log"
        self.access_log = folder / "access.log"
        self._port = reserve_port()
        self.address = self._port.getsockname()
        self.conf = folder / "nginx.conf"
        text = self.edited(self._moved(self.conf_file.read_text("utf-8")), store, user or _MYSELF)
        self.conf.write_text(self.with_upstreams(text, upstreams), "utf-8")

    def edited(self, text: str, store: Path, user: str) -> str:
        """Return the configuration with what only the one for a single machine has edited."""
        # Without root nginx stays who it is, and warns of a line that says so.
        text = replaced(text, "user ", f"user {user};" if geteuid() == 0 else "")
        return replaced(text, "root ", f"root {store};")

    def with_upstreams(self, text: str, upstreams: Sequence[str]) -> str:
        """Return the configuration with the nodes, host:port each, in place of its own."""
        return replaced(text, r"server [\d.:]+;", "".join(f"server {u};\n" for u in upstreams))

    def start(self) -> Self:
        """Start, and return when it answers."""
        self.process = subprocess.Popen(
            [self.program, "-p", self.folder, "-c", self.conf, "-g", "daemon off;"]
        )
        wait_until(lambda: self.listens() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log
        return self

    def close(self) -> None:
        """Stop at once; nginx ends its workers itself."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self._port.close()

    @property
    def log(self) -> str:
        return self.error_log.read_text("utf-8") if self.error_log.exists() else ""

    def _moved(self, text: str) -> str:
        """Keep every file in the folder, and listen on a free port."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        text = replaced(text, "http {", f"http {{\n{temporary}")
        text = replaced(text, "pid ", f"pid {self.folder}/pid;")
        text = replaced(text, "error_log ", f"error_log {self.error_log} warn;")
        text = replaced(text, "worker_processes ", "worker_processes 2;")
        text = replaced(text, "access_log ", f"access_log {self.access_log} progimage;")
        return replaced(text, "listen ", f"listen {host_port(self)};")


@contextmanager
def in_front(folder: Path, store: Path, *upstreams: str, user: str = "") -> Iterator[Front]:
    """Run nginx, as `user` or else as we run, over `store` before services at host:port each."""
    front = Front(folder, store, *upstreams, user=user)
    try:
        yield front.start()
    finally:
        front.close()


def host_port(server: Peer) -> str:
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


def _nginx() -> str:
    found = shutil.which("nginx")
    assert found, "nginx is missing; make test-nginx installs it or says how"
    return found
