"""Starting and stopping what is measured, each on a free loopback port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import peers
from bench.photos import Photo

_ROOT = Path(__file__).parent.parent
_START_S = 30.0
_STOP_S = 10.0

EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "png": "png"}


class StartFailed(Exception):
    """A server did not start; the end of its log is in the message."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, and how it spells a rendition.

    Attributes:
        host: address and port.
        pid: the process all others of this server descend from.
        path: the path of a photo scaled to a width, in a format, at quality 80.
    """

    name: str
    host: str
    pid: int
    path: Callable[[Photo, int, str], str]

    def fetch(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Return the whole answer to one request."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def fetch_json(self, path: str) -> Any:
        """Return the document at a path."""
        return _document(self.fetch(path))

    def post_json(self, path: str, document: object) -> Any:
        """Send a document and return the one that comes back."""
        body = json.dumps(document).encode()
        return _document(self.fetch(path, "POST", body, **{"Content-Type": "application/json"}))


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def _document(answer: Answer) -> Any:
    if answer.status >= 400:
        raise StartFailed(f"{answer.status} {answer.body[:300]!r}")
    return json.loads(answer.body)


@contextmanager
def progimage(
    photos: Iterable[Photo], store: Path, settings: dict[str, str] | None = None
) -> Iterator[Server]:
    """Run ProgImage over the folder `store` and upload `photos` to it.

    `settings` are `PROGIMAGE_…` variables beside those it needs.
    """
    port = _free_port()
    environment = {
        "PROGIMAGE_BIND": f"127.0.0.1:{port}",
        "PROGIMAGE_STORE": store.absolute().as_uri(),
        "PROGIMAGE_CREATE_STORE": "true",
        # Measurements come from one client.
        "PROGIMAGE_TRANSFORMS_COLD_PER_MINUTE": "0",
        **(settings or {}),
    }
    command = [sys.executable, "-c", "from progimage.cli import main; main()", "serve"]
    addresses: dict[Photo, str] = {}

    def path(photo: Photo, width: int, form: str) -> str:
        return f"{addresses[photo]}resize:w={width}/quality:80.{EXTENSIONS[form]}"

    with _running("progimage", command, port, environment, cwd=_ROOT) as pid:
        server = Server("progimage", f"127.0.0.1:{port}", pid, path)
        for photo in photos:
            addresses[photo] = _uploaded(server, photo)
        yield server


def _uploaded(server: Server, photo: Photo) -> str:
    answer = server.fetch("/images/", "POST", photo.data(), **{"Content-Type": photo.media_type})
    if answer.status not in {200, 201}:
        raise StartFailed(
            f"progimage: upload of {photo.path.name}: {answer.status} {answer.body[:300]!r}"
        )
    location = answer.headers["location"]
    return "/" + location.split("/", 3)[3] if "://" in location else location


@contextmanager
def thumbor(
    folder: Path, *, processes: int = 2, results: Path | None = None, as_shipped: bool = False
) -> Iterator[Server]:
    """Run thumbor over `folder`; with `results`, keep its renditions there."""
    port = _free_port()
    conf = (_ROOT / "bench" / "thumbor.conf").read_text()
    conf += f"FILE_LOADER_ROOT_PATH = {str(folder.absolute())!r}\n"
    conf += f"PROGRESSIVE_JPEG = {as_shipped}\n"
    if results:
        conf += 'RESULT_STORAGE = "thumbor.result_storages.file_storage"\n'
        conf += f"RESULT_STORAGE_FILE_STORAGE_ROOT_PATH = {str(results.absolute())!r}\n"
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(conf)
        file.flush()
        command = [str(peers.thumbor()), "-c", file.name, "-i", "127.0.0.1", "-p", str(port)]
        command += ["--processes", str(processes)]

        def path(photo: Photo, width: int, form: str) -> str:
            return f"/unsafe/{width}x0/filters:format({form})/{photo.path.name}"

        with _running("thumbor", command, port, {}, cwd=folder) as pid:
            yield Server("thumbor", f"127.0.0.1:{port}", pid, path)


@contextmanager
def ipx(folder: Path, *, as_shipped: bool = False) -> Iterator[Server]:
    """Run ipx over `folder`: one node process whose thread pool uses every core."""
    port = _free_port()
    coding = "progressive" if as_shipped else "baseline"
    command = ["node", str(peers.ipx()), str(folder.absolute()), str(port), coding]

    def path(photo: Photo, width: int, form: str) -> str:
        return f"/w_{width},f_{form},q_80/{photo.path.name}"

    with _running("ipx", command, port, {"NODE_ENV": "production"}, cwd=folder) as pid:
        yield Server("ipx", f"127.0.0.1:{port}", pid, path)


@contextmanager
def iiif_processor(folder: Path) -> Iterator[int]:
    """Run iiif-processor over `folder`; yield the port."""
    script = str(peers.iiif())
    with on_a_port(
        "iiif-processor", lambda port: ["node", script, str(folder.absolute()), str(port)]
    ) as port:
        yield port


@contextmanager
def iipsrv(processes: int = 2) -> Iterator[Server]:
    """Run IIPImage behind nginx, a process a core."""
    program = str(peers.iipsrv())
    environment = {"VERBOSITY": "0", "JPEG_QUALITY": "80", "LOGFILE": "/dev/null"}
    with ExitStack() as stack:
        ports = []
        for _ in range(processes):
            port = _free_port()
            # It serves one connection at a time, so none may be kept open.
            command = [program, "--bind", f"127.0.0.1:{port}", "--backlog", "64"]
            stack.enter_context(_running("iipsrv", command, port, environment, cwd=_ROOT))
            ports.append(port)
        upstream = "".join(f"server 127.0.0.1:{port};" for port in ports)

        def conf(port: int) -> str:
            return (
                "worker_processes 1; error_log /dev/null; pid nginx.pid; events {} http { "
                f"access_log off; upstream iip {{ {upstream} }} server {{ "
                f"listen 127.0.0.1:{port}; location / {{ fastcgi_pass iip; "
                "fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD GET; "
                "fastcgi_param REQUEST_URI $request_uri; } } }"
            )

        yield stack.enter_context(nginx("iipsrv", conf))


@contextmanager
def nginx(name: str, conf: Callable[[int], str]) -> Iterator[Server]:
    """Run nginx with the configuration that `conf` gives for a port."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as prefix:
        file = Path(prefix) / "nginx.conf"
        file.write_text(conf(port))
        command = [peers.tool("nginx"), "-p", prefix, "-c", str(file), "-g", "daemon off;"]

        def path(photo: Photo, width: int, form: str) -> str:
            raise NotImplementedError("nginx renders nothing; its paths are files")

        with _running(name, command, port, {}, cwd=Path(prefix)) as pid:
            yield Server(name, f"127.0.0.1:{port}", pid, path)


@contextmanager
def on_a_port(name: str, command: Callable[[int], list[str]]) -> Iterator[int]:
    """Run the result of `command` for a free port; yield the port."""
    port = _free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(name, command(port), port, {}, cwd=Path(folder)),
    ):
        yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    name: str, command: list[str], port: int, environment: dict[str, str], *, cwd: Path
) -> Iterator[int]:
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            # A group of its own, so that all of its children stop with it.
            start_new_session=True,
        )
        try:
            if not _listens(process, port):
                log.seek(0)
                raise StartFailed(f"{name} did not start: {log.read()[-2000:].strip()}")
            yield process.pid
        finally:
            stop(process)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and the group it leads."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    # What is left of the group: children that outlived their parent.
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
