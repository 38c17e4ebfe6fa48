"""nginx with the shipped configuration, in front of a running service."""

from __future__ import annotations

import http.client
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import geteuid
from pathlib import Path
from typing import Any, Self

from tests.serving.server import (
    PATIENCE_S,
    ROOT,
    Answer,
    Server,
    answer_of,
    read_all,
    wait_until,
)

CONF = ROOT / "deploy" / "nginx.conf"
NOWHERE = "127.0.0.1:1"
_MYSELF = pwd.getpwuid(geteuid()).pw_name


class Front:
    """One running nginx, and what it can be asked."""

    def __init__(self, folder: Path, store: Path, *upstreams: str, user: str = "") -> None:
        self.program = _nginx()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.error_log = folder / "error.log"
        self.access_log = folder / "access.log"
        self.address = ("127.0.0.1", _free_port())
        self.conf = folder / "nginx.conf"
        self.conf.write_text(self.edited(store, upstreams, user or _MYSELF), "utf-8")

    def edited(self, store: Path, upstreams: tuple[str, ...], user: str) -> str:
        """Return the shipped configuration, edited as an operator edits it."""
        return _edited(self, store, upstreams, user)

    def start(self) -> Self:
        """Start, and return when it answers."""
        self.process = subprocess.Popen(
            [self.program, "-p", self.folder, "-c", self.conf, "-g", "daemon off;"]
        )
        wait_until(lambda: self._listens() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log
        return self

    def close(self) -> None:
        """Stop at once; nginx ends its workers itself."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    @property
    def log(self) -> str:
        return self.error_log.read_text("utf-8") if self.error_log.exists() else ""

    def socket(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=PATIENCE_S)

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            return answer_of(connection)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET; underscores in header names stand for dashes."""
        return self.request("GET", path, headers={k.replace("_", "-"): headers[k] for k in headers})

    def upload(self, data: bytes) -> str:
        """Upload a raw body and return the path of the picture."""
        answer = self.request("POST", "/images/", data, {"Content-Type": "image/any"})
        assert answer.status in (200, 201), answer.body
        return f"/images/{answer.json['id']}/"

    def exchange(self, data: bytes) -> bytes:
        """Send bytes as they are and return all that comes until nginx hangs up."""
        with self.socket() as connection:
            connection.sendall(data)
            return read_all(connection)

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


def host_port(server: Server | Front) -> str:
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
    text = replaced(text, "http {", f"http {{\n{temporary(front.folder)}")
    # Without root nginx stays who it is, and warns of a line that says so.
    text = replaced(text, "user ", f"user {user};" if geteuid() == 0 else "")
    text = replaced(text, "pid ", f"pid {front.folder}/pid;")
    text = replaced(text, "error_log ", f"error_log {front.error_log} warn;")
    text = replaced(text, "worker_processes ", "worker_processes 2;")
    text = replaced(text, "access_log ", f"access_log {front.access_log} progimage;")
    text = replaced(text, "listen ", f"listen {host_port(front)};")
    text = replaced(text, "root ", f"root {store};")
    return replaced(text, r"server [\d.:]+;", "".join(f"server {u};\n" for u in upstreams))


def temporary(folder: Path) -> str:
    """Return the lines that keep nginx's temporary files in a folder."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)


def _nginx() -> str:
    found = shutil.which("nginx")
    assert found, "nginx is missing; make test-nginx installs it or says how"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
