"""Start, stop, reload and sudden death of the server's processes."""

from __future__ import annotations

import contextlib
import http.client
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.drawing import saved
from tests.system.serving.server import (
    PATIENCE_S,
    ROOT,
    Server,
    answer_of,
    assert_problem,
    kill,
    read_all,
    running,
    wait_until,
)

# Some seconds of work, so that it is met in its middle.
SLOW = "resize:w=1500,h=1500,fit=fill,enlarge=true/{}.png".format(
    "/".join(f"blur:{radius}" for radius in range(40, 80))
)
PATIENT = {
    "limits_max_steps": 100,
    "render_timeout_s": 100,
    "render_wall_timeout_s": 600,
    "render_niceness": 0,
    "upload_stall_timeout_s": 600,
    "server_graceful_timeout_s": 600,
}


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """A server of the test's own, for it to end; by itself it waits for ten minutes."""
    with running(tmp_path, **PATIENT) as server:
        yield server


def check(server: Server) -> subprocess.CompletedProcess[str]:
    """Run `progimage check` on the server's store."""
    return subprocess.run(
        [Path(sys.executable).with_name("progimage"), "check", "--grace-minutes", "0"],
        cwd=ROOT,
        env=server.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_gone(server: Server) -> None:
    """Check that a stopped server left neither processes nor temporary files."""
    wait_until(lambda: not server.family())
    assert list(server.tmp.glob("progimage-*")) == []
    assert "Traceback" not in server.log
    assert '"level": "error"' not in server.log


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_an_idle_server_stops_at_once_and_leaves_nothing(server, jpeg, how):
    path = server.upload(jpeg)
    assert server.get(f"{path}thumbnail.png").status == 200
    assert server.stop(how) == 0
    assert_gone(server)
    with pytest.raises(ConnectionRefusedError):
        server.socket()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_quick_end_cuts_off_what_is_in_flight(server, jpeg, noise, how):
    large, path = server.upload(noise).encode(), server.upload(jpeg)
    with server.socket() as upload, server.socket() as download, ThreadPoolExecutor(1) as thread:
        upload.sendall(head(200_000) + b"x")
        download.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % large)
        wait_until(server.scratch_files)
        render = thread.submit(server.get, f"{path}{SLOW}")
        server.wait_until_rendering()
        server.process.send_signal(how)
        assert server.process.wait(PATIENCE_S) == 0
        assert isinstance(render.exception(), ConnectionError)
    assert_gone(server)
    assert check(server).returncode == 0


def test_a_signal_amid_many_requests_ends_it_too(server):
    """The handler may interrupt any line of the loop, also one that holds a lock."""
    stop = threading.Event()

    def hurry() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while not stop.is_set():
                server.get("/health/live")

    with ThreadPoolExecutor(6) as threads:
        for _ in range(6):
            threads.submit(hurry)
        wait_until(lambda: len(server.log_lines()) > 50)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE_S) == 0
        stop.set()
    wait_until(lambda: not server.family())


def test_sigterm_finishes_the_uploads_and_the_render_in_flight(server, fresh_jpeg, jpeg):
    path = server.upload(jpeg)
    pixels = os.urandom(300 * 250 * 3)
    large = saved(Image.frombytes("RGB", (300, 250), pixels), "PNG", compress_level=0)
    with server.socket() as upload, server.socket() as short, ThreadPoolExecutor(1) as thread:
        short.sendall(head(len(fresh_jpeg)) + fresh_jpeg[:100])
        upload.sendall(head(len(large)) + large[:100])
        wait_until(server.scratch_files)
        render = thread.submit(server.get, f"{path}{SLOW}")
        server.wait_until_rendering()
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(server))
        upload.sendall(large[100:])
        short.sendall(fresh_jpeg[100:])
        answers = [read_all(upload), read_all(short)]
        assert render.result().status == 200
    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 201 "] * 2
    assert server.stop() == 0
    assert_gone(server)
    assert check(server).returncode == 0


def head(length: int) -> bytes:
    return (
        b"POST /images/ HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
        b"Content-Length: %d\r\n\r\n" % length
    )


def refuses(server: Server) -> bool:
    try:
        server.socket(1).close()
    except OSError:
        return True
    return False


def test_idle_connections_do_not_delay_the_end(server):
    """Browsers and load balancers open connections in advance, and keep used ones."""
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(server.socket())
        connection = stack.enter_context(contextlib.closing(server.connect()))
        connection.request("GET", "/health/live")
        assert answer_of(connection).status == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
    assert_gone(server)


def test_a_connection_that_is_taken_while_the_server_stops_is_answered(server):
    """Else a request that must not be sent twice is lost; one that is refused goes elsewhere."""
    taken = []

    def connect_until_refused() -> None:
        while True:
            try:
                connection = server.socket()
            except OSError:
                return
            with connection:
                connection.sendall(
                    b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                )
                taken.append(read_all(connection)[:12])

    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(connect_until_refused)
        wait_until(lambda: len(taken) > 100)
        assert server.stop() == 0
    assert set(taken) == {b"HTTP/1.1 200"}


class TestDraining:
    """With server.drain_s, readiness probes fail before the server stops."""

    @pytest.fixture
    def draining(self, tmp_path) -> Iterator[Server]:
        with running(tmp_path, server_drain_s=600, server_workers=2) as server:
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: server.get("/health/ready").status == 503)
            yield server

    def test_everything_goes_on_but_readiness(self, draining, jpeg):
        path = draining.upload(jpeg)
        assert draining.get(f"{path}thumbnail.png").status == 200
        assert draining.get("/health/live").status == 200
        for _ in range(8):
            assert_problem(draining.get("/health/ready"), 503, "load balancers")

    def test_a_second_sigterm_ends_the_wait(self, tmp_path):
        # With one worker: of several, one may not have started yet, and gunicorn would say so.
        with running(tmp_path, server_drain_s=600) as server:
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: server.get("/health/ready").status == 503)
            assert server.stop() == 0
            assert_gone(server)

    def test_the_wait_ends_by_itself(self, tmp_path):
        with running(tmp_path, server_drain_s=0.2) as server:
            assert server.stop() == 0
            assert_gone(server)

    def test_a_reload_is_no_end(self, tmp_path):
        with running(tmp_path, server_drain_s=600) as server:
            [old] = server.web_workers()
            server.process.send_signal(signal.SIGHUP)

            def replaced() -> bool:
                assert server.get("/health/ready").status == 200
                return old not in server.web_workers()

            wait_until(replaced)
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: server.get("/health/ready").status == 503)


def test_a_web_worker_killed_in_a_render_is_replaced_and_leaves_nothing(server, jpeg):
    path = server.upload(jpeg)
    [worker] = server.web_workers()
    below = server.render_processes()
    with ThreadPoolExecutor(1) as thread:
        broken = thread.submit(server.get, f"{path}{SLOW}")
        server.wait_until_rendering()
        kill(worker)
        assert isinstance(broken.exception(), ConnectionError)
    wait_until(lambda: not below & server.family())
    assert server.get(f"{path}thumbnail.png").status == 200
    assert worker not in server.web_workers()
    assert all(str(worker) not in folder.name for folder in server.tmp.glob("progimage-*"))
    assert check(server).returncode == 0


def test_a_server_killed_as_a_whole_leaves_a_store_without_damage(server, jpeg, fresh_jpeg):
    path = server.upload(jpeg)
    uploads = threading.Thread(target=upload_until_refused, args=(server, fresh_jpeg))
    with ThreadPoolExecutor(1) as thread:
        broken = thread.submit(server.get, f"{path}{SLOW}")
        server.wait_until_rendering()
        uploads.start()
        for pid in [server.process.pid, *server.web_workers()]:
            kill(pid)
        assert isinstance(broken.exception(), ConnectionError)
    uploads.join()
    server.process.wait()
    wait_until(lambda: not server.family())
    left = set(server.tmp.glob("progimage-*"))
    assert left
    server.start()
    assert not left & set(server.tmp.glob("progimage-*"))
    assert server.get(path).body == jpeg
    assert server.stop() == 0
    assert_gone(server)
    repaired = subprocess.run(
        [Path(sys.executable).with_name("progimage"), "check", "--repair", "--grace-minutes", "0"],
        cwd=ROOT,
        env=server.environ,
        capture_output=True,
        check=False,
    )
    assert repaired.returncode == 0
    assert check(server).returncode == 0


def upload_until_refused(server: Server, data: bytes) -> None:
    with contextlib.suppress(OSError):
        for number in range(10_000):
            server.upload(data + b"%d" % number)


def test_sighup_reloads_without_refusing_a_request(server, jpeg):
    path = server.upload(jpeg)
    [old] = server.web_workers()
    server.process.send_signal(signal.SIGHUP)

    def replaced() -> bool:
        assert server.get(f"{path}thumbnail.png").status == 200
        return server.web_workers() not in ([], [old]) and old not in server.web_workers()

    wait_until(replaced)
    assert server.get(path).body == jpeg
    assert "Traceback" not in server.log


def test_ctrl_c_in_a_terminal_ends_it_without_a_stack_trace(server, jpeg, tmp_path):
    """The terminal sends SIGINT to every process in its foreground, render processes too."""
    server.stop()
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", Path(sys.executable).with_name("progimage"), "serve"],
        cwd=ROOT,
        env=server.environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    server.process = process
    shown = b""
    while b"started" not in shown:
        shown += os.read(terminal, 4096)
    host, port = shown.partition(b"listens on http://")[2].split()[0].decode().split(":")
    server.address = (host, int(port))
    assert server.get(f"{server.upload(jpeg)}thumbnail.png").status == 200
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # the end of a terminal without processes
        while piece := os.read(terminal, 4096):
            shown += piece
    os.close(terminal)
    assert process.wait(PATIENCE_S) == 0
    assert b"Traceback" not in shown
    assert b"rror" not in shown
    assert_gone(server)


class TestStartUp:
    """A command that cannot work says so in one line, and ends."""

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"server_threads": "many"}, "PROGIMAGE_SERVER_THREADS"),
            ({"render_speed": "9"}, "PROGIMAGE_RENDER_SPEED"),
            ({"store": "ftp://a/b"}, "use file://, s3://"),
            ({"store": "s3:///x"}, "store:"),
            ({"store": "file:///proc/nothing/here"}, "store"),
            ({"delivery_mode": "redirect"}, "delivery.mode"),
            ({"presets": '{bad = "nothing:1"}'}, "nothing"),
            ({"bind": "nowhere"}, "PROGIMAGE_BIND"),
            ({"bind": "192.0.2.1:80"}, "192.0.2.1:80"),
        ],
        ids=str,
    )
    def test_a_setting_that_cannot_work_is_named(self, tmp_path, settings, words):
        self.assert_refuses(tmp_path, settings, words)

    def test_a_port_in_use_is_named(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            bind = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assert_refuses(tmp_path, {"bind": bind}, bind)

    def test_a_temporary_folder_with_too_long_a_path_is_named(self, tmp_path):
        """The sockets of the render processes are in it."""
        folder = tmp_path / ("x" * 80)
        folder.mkdir()
        self.assert_refuses(tmp_path, {}, "TMPDIR", TMPDIR=str(folder))

    def assert_refuses(
        self, folder: Path, settings: dict[str, str], words: str, **environ: str
    ) -> None:
        (folder / "settings.toml").touch()
        environ |= {f"PROGIMAGE_{name.upper()}": value for name, value in settings.items()}
        environ.setdefault("PROGIMAGE_STORE", f"file://{folder}/store")
        environ.setdefault("PROGIMAGE_CREATE_STORE", "true")
        environ["PROGIMAGE_SETTINGS"] = str(folder / "settings.toml")
        result = subprocess.run(
            [Path(sys.executable).with_name("progimage"), "serve"],
            cwd=ROOT,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert result.returncode not in (0, None)
        assert words in result.stderr
        assert "Traceback" not in result.stderr
        assert result.stderr.count("\n") <= 2, result.stderr
