"""System calls of a web process fail now and then, under a load of all actions; by strace.

The errors are those of broken, full and badly mounted disks, and of a process without file
descriptors. Whatever fails is 503 with Retry-After, and nothing acknowledged is lost.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from progimage.stores import create_store, open_store
from tests.people import SECRET, headers_of
from tests.system.faults.mixed_load import OWNER, mixed_load
from tests.system.faults.nodes import assert_only_leftovers
from tests.system.faults.test_dead_nodes import assert_promises_hold
from tests.system.serving.server import Server, running, wait_until

pytestmark = [
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="tracing takes root"),
    pytest.mark.timeout(600),
]

PATIENCE_S = 120
ERRORS = 20

# Of each thread of the process, the first call that fails and then every so many.
FAULTS = {
    "flushes": ["fsync:error=EIO:when=3+7"],
    "a full disk": ["link:error=ENOSPC:when=2+5", "mkdir:error=ENOSPC:when=2+5"],
    "a quota": ["rename:error=EDQUOT:when=2+3", "link:error=EDQUOT:when=3+4"],
    "removals": ["unlink:error=EIO:when=3+7", "rmdir:error=EIO:when=2+5"],
    "a read-only disk": ["rename:error=EROFS:when=1+4", "unlink:error=EROFS:when=2+9"],
    "locks": ["flock:error=ENOLCK:when=2+5"],
    "no descriptors": ["openat:error=EMFILE:when=5+11"],
    "no descriptors of the machine": ["openat:error=ENFILE:when=7+13"],
    "opening": ["openat:error=EIO:when=4+9"],
}


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    url = f"file://{tmp_path_factory.mktemp('store')}/store"
    create_store(url)
    return url


@pytest.fixture(scope="module")
def who(url) -> dict[str, str]:
    return headers_of(open_store(url), OWNER)


@pytest.fixture(scope="module")
def server(tmp_path_factory, url) -> Iterator[Server]:
    with running(
        tmp_path_factory.mktemp("server"),
        url,
        auth_mode="optional",
        auth_secret=SECRET,
        transforms_cold_per_minute=0,
        server_threads=160,
        render_queue=32,
        server_workers=1,
    ) as server:
        yield server


@contextmanager
def failing(pid: int, faults: list[str], trace: Path) -> Iterator[None]:
    """Have system calls of a process fail; the trace names each of them."""
    calls = ",".join(fault.partition(":")[0] for fault in faults)
    injected = [f"--inject={fault}" for fault in faults]
    command = ["strace", "-f", "-p", str(pid), "-o", str(trace), f"--trace={calls}", *injected]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert tracer.stderr
        assert b"attached" in tracer.stderr.readline()
        yield
    finally:
        tracer.send_signal(signal.SIGTERM)
        tracer.communicate(timeout=PATIENCE_S)


def injected(trace: Path) -> int:
    """Return how many system calls have failed."""
    return trace.read_text().count("(INJECTED)")


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_acknowledged_is_lost_when_system_calls_fail(server, url, who, tmp_path, fault):
    trace = tmp_path / "trace"
    # Another seed for each, or all would upload the same pictures.
    with mixed_load([server], who, seed=list(FAULTS).index(fault)) as load:
        load.wait_for_more(1)
        with failing(server.web_workers()[0], FAULTS[fault], trace):
            wait_until(lambda: load.is_over or injected(trace) >= ERRORS, PATIENCE_S)
        load.wait_for_more(1)
    assert injected(trace) >= ERRORS
    assert "Traceback" not in server.log
    assert server.get("/health/live").status == 200
    wait_until(lambda: server.get("/health/ready").status == 200, PATIENCE_S)
    assert_promises_hold(server, load, who)


def test_remaining_damage_can_be_repaired(server, url):
    assert server.stop() == 0
    assert_only_leftovers(url)
