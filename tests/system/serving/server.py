"""The service as it really runs: gunicorn in its own processes, on a real socket."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from tests.closed_port import reserve_port

ROOT = Path(__file__).parents[3]
LISTENS = re.compile(r"ProgImage listens on http://")
PATIENCE_S = 90
# Where there is a store of its own to be proven first, by several nodes at once.
STARTS_WITHIN_S = 90


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Peer:
    """A server at an address.

    Attributes:
        address: host and port.
    """

    address: tuple[str, int]

    def connect(self, timeout_s: float = PATIENCE_S) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=timeout_s)

    def socket(self, timeout_s: float = PATIENCE_S) -> socket.socket:
        return socket.create_connection(self.address, timeout=timeout_s)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}), **kwargs)
            return answer_of(connection)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET; underscores in header names stand for dashes."""
        return self.request("GET", path, headers={k.replace("_", "-"): headers[k] for k in headers})

    def upload(self, data: bytes) -> str:
        """Upload a raw body and return the path of the picture."""
        answer = self.request("POST", "/images/", data, {"Content-Type": "image/any"})
        assert answer.status in (200, 201), answer.body[:2000]
        return f"/images/{answer.json['id']}/"

    def exchange(self, data: bytes, timeout_s: float = PATIENCE_S) -> bytes:
        """Send bytes as they are and return everything until the server closes the connection."""
        with self.socket(timeout_s) as connection:
            connection.sendall(data)
            return read_all(connection)

    def listens(self) -> bool:
        """True if a server answers at the address."""
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0


class Server(Peer):
    """One running server; its temporary files and its log are its own."""

    def __init__(self, folder: Path, store: str | None = None, **settings: object) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # Not below `folder`, whose path grows too long for a unix socket's.
        self._tmp = tempfile.TemporaryDirectory(prefix="pi-")
        self.tmp = Path(self._tmp.name)
        self.store = store or f"file://{folder}/store"
        self.log_file = folder / "log"
        # The same port whenever it starts.
        self._port = reserve_port()
        self.address = self._port.getsockname()
        nothing = folder / "settings.toml"
        nothing.touch()
        self.environ = {
            # pylibmagic puts its folder into these, once more for each process below another.
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith("PROGIMAGE_") and "pylibmagic" not in v
            },
            "PROGIMAGE_SETTINGS": str(nothing),
            "PROGIMAGE_BIND": "{}:{}".format(*self.address),
            "PROGIMAGE_STORE": self.store,
            "PROGIMAGE_CREATE_STORE": "true",
            "PROGIMAGE_SERVER_WORKERS": "1",
            # Raw requests of the tests name any host.
            "PROGIMAGE_SERVER_HOSTS": '["*"]',
            **{f"PROGIMAGE_{name.upper()}": str(value) for name, value in settings.items()},
            "TMPDIR": str(self.tmp),
        }

    def start(self) -> Self:
        """Start, and return when it answers."""
        self.log_file.write_bytes(b"")
        with self.log_stream() as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(
            lambda: LISTENS.search(self.log) or self.process.poll() is not None, STARTS_WITHIN_S
        )
        assert LISTENS.search(self.log), self.log
        wait_until(lambda: "started" in self.log)
        return self

    def command(self) -> list[str]:
        """Return the command that serves."""
        return [str(Path(sys.executable).with_name("progimage")), "serve"]

    def log_stream(self) -> AbstractContextManager[IO[bytes] | int]:
        """Return where the server's standard output and error go."""
        return self.log_file.open("ab")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it with a signal and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def reload(self) -> None:
        """Have it read its settings again, with new workers in place of the old."""
        self.process.send_signal(signal.SIGHUP)

    def pause(self) -> None:
        """Stop every process where it is; only `die` is of use afterwards."""
        for pid in self.family():
            os.kill(pid, signal.SIGSTOP)

    def die(self) -> None:
        """Kill every process, the one that would replace others first, as a power cut would."""
        kill(self.process.pid)
        wait_until(lambda: not [kill(pid) for pid in self.family()])
        self.process.wait()

    def close(self) -> None:
        """End every process of the server, whatever state it is in."""
        try:
            self.stop()
        finally:
            for pid in self.family():
                kill(pid)
            self._tmp.cleanup()
            self._port.close()

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def log_lines(self, event: str = "request") -> list[dict[str, Any]]:
        """Return the structured log lines of one event."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def scratch_files(self) -> list[str]:
        """Return the temporary files of pictures there are now; those of numbers have a suffix."""
        files = [path for path in self.tmp.rglob("progimage-*/*") if path.is_file()]
        return [str(path) for path in files if not path.suffix]

    def wait_until_rendering(self) -> None:
        """Return when render processes have begun to work on what was just requested."""
        before = self.render_seconds()
        wait_until(lambda: self.render_seconds() > before + 0.1)

    def render_seconds(self) -> float:
        """Return the processor time that the processes below the workers have taken (proc(5))."""
        ticks = 0
        for pid in self.render_processes():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stored_files(self) -> set[str]:
        """Return every file of the folder store except its locks."""
        root = Path(self.store.removeprefix("file://"))
        paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return {str(path) for path in paths if path.parts[0] != ".locks"}

    def family(self) -> set[int]:
        """Return the processes of the server that still run: by session, so also orphans."""
        return {
            pid
            for pid in processes()
            if (facts := _facts(pid)) and facts[3] == self.process.pid and facts[0] != "Z"
        }

    def web_workers(self) -> list[int]:
        """Return the gunicorn workers."""
        return [pid for pid in self.family() if (f := _facts(pid)) and f[1] == self.process.pid]

    def render_processes(self) -> set[int]:
        """Return the processes below the gunicorn workers."""
        return self.family() - set(self.web_workers()) - {self.process.pid}


@contextmanager
def running(folder: Path, store: str | None = None, **settings: object) -> Iterator[Server]:
    """Run a server with its own folder; at the end no process of it is left."""
    server = Server(folder, store, **settings)
    try:
        yield server.start()
    finally:
        server.close()


def answer_of(connection: http.client.HTTPConnection) -> Answer:
    """Read the response to the request just sent."""
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side hangs up, or resets the connection."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def assert_problem(answer: Answer, status: int, *words: str) -> None:
    """Check that an error has the usual form, and words in its detail."""
    assert answer.status == status, answer.body[:2000]
    assert answer.headers["content-type"] == "application/problem+json"
    for word in words:
        assert word in answer.json["detail"]


def wait_until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Return when the condition holds, which nothing signals."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.02)


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def kill(pid: int) -> None:
    """Kill one process, if it still runs."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def stopped(processes: Iterable[int]) -> Iterator[None]:
    """Let processes do nothing meanwhile; some may be killed while they are stopped."""
    processes = set(processes)
    try:
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def peak_memory_bytes(pid: int) -> int:
    """Return the most memory that the process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match
    return int(match[1]) * 1024


def _facts(pid: int) -> tuple[str, int, int, int] | None:
    """Return state, parent, process group and session (proc(5), /proc/pid/stat)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent, group, session = text.rpartition(")")[2].split()[:4]
    return state, int(parent), int(group), int(session)
