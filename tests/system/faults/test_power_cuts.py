"""The disk of the store loses its power, or processes are killed, under a load of all actions.

Clients remember every acknowledgement (`mixed_load`). Afterwards everything that was
acknowledged is there with its own bytes. PROGIMAGE_TEST_CUTS and PROGIMAGE_TEST_KILLS set how
often.
"""

from __future__ import annotations

import http.client
import os
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

import pytest
from PIL import Image

from progimage.stores import create_store, open_store
from tests.imaging.drawing import saved
from tests.people import SECRET, headers_of
from tests.system.faults.disks import LoopDisk, loop_disk
from tests.system.faults.mixed_load import OWNER, MixedLoad, mixed_load
from tests.system.faults.nodes import assert_only_leftovers
from tests.system.faults.test_dead_nodes import assert_promises_hold
from tests.system.s3.real import real_url
from tests.system.serving.server import Server, kill, wait_until

pytestmark = pytest.mark.timeout(1800)

CUTS = int(os.environ.get("PROGIMAGE_TEST_CUTS", "6"))
KILLS = int(os.environ.get("PROGIMAGE_TEST_KILLS", "100"))
SETTINGS = {
    "auth_mode": "optional",
    "auth_secret": SECRET,
    "transforms_cold_per_minute": 0,
    "server_workers": 2,
    "server_drain_s": 0,
    # All clients of the load have one address.
    "server_threads": 160,
    "render_queue": 32,
}
PATIENCE_S = 120
# Until an upload succeeds again after a fault, without help, half of the time at least.
RECOVERY_S = 30


@pytest.fixture(params=["ext4", "xfs"])
def disk(request, tmp_path) -> Iterator[LoopDisk]:
    with loop_disk(request.param, tmp_path) as disk:
        yield disk


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """A server that is not started; its store can be put on a disk before."""
    server = Server(tmp_path / "server", **SETTINGS)
    try:
        yield server
    finally:
        server.close()


def start(server: Server, url: str) -> dict[str, str]:
    """Start a server on a new store; return the headers of an account."""
    server.environ["PROGIMAGE_STORE"] = server.store = url
    create_store(url)
    who = headers_of(open_store(url), OWNER)
    server.start()
    return who


def assert_answers(server: Server, load: MixedLoad) -> None:
    """Wait until the server stores pictures again, without help."""
    wait_until(lambda: server.listens() and server.get("/health/ready").status == 200, PATIENCE_S)
    load.wait_for_more(1)


def recovered_s(server: Server, who: dict[str, str]) -> float:
    """Return how long it takes until the server stores a picture."""
    started = time.monotonic()

    def stores() -> bool:
        data = saved(Image.frombytes("RGB", (9, 9), os.urandom(9 * 9 * 3)), "PNG")
        with suppress(OSError, http.client.HTTPException):
            answer = server.request("POST", "/images/", data, {**who, "Content-Type": "image/png"})
            return answer.status == 201
        return False

    wait_until(stores, PATIENCE_S)
    return time.monotonic() - started


def test_nothing_acknowledged_is_lost_in_a_power_cut(disk, server):
    url = f"file://{disk.folder}/store"
    who = start(server, url)
    with mixed_load([server], who, seed=1) as load:
        load.wait_for_more(1)
        for _ in range(CUTS):
            disk.cut_power()
            wait_until(lambda: server.get("/health/ready").status == 503, PATIENCE_S)
            server.die()
            disk.unmount()
            disk.mount()
            server.start()
            assert_answers(server, load)
    assert load.lost
    assert_promises_hold(server, load, who)
    assert server.stop() == 0
    assert_only_leftovers(url)


def test_a_disk_that_comes_back_is_used_without_a_restart(tmp_path, server):
    with loop_disk("ext4", tmp_path) as disk:
        url = f"file://{disk.folder}/store"
        who = start(server, url)
        recoveries_s = []
        with mixed_load([server], who, seed=3) as load:
            load.wait_for_more(1)
            for _ in range(3):
                disk.cut_power()
                wait_until(lambda: server.get("/health/ready").status == 503, PATIENCE_S)
                disk.unmount_in_use()
                disk.mount()
                recoveries_s.append(recovered_s(server, who))
                assert_answers(server, load)
        assert median(recoveries_s) <= RECOVERY_S
        assert "Traceback" not in server.log
        assert_promises_hold(server, load, who)
        server.close()


def victims(server: Server) -> list[int]:
    """Return the processes that may be killed and are replaced."""
    return [*server.web_workers(), *server.render_processes()]


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("store", ["folder", "Ceph"])
def test_nothing_acknowledged_is_lost_when_processes_are_killed(server, tmp_path: Path, store):
    url = f"file://{tmp_path}/store" if store == "folder" else real_url()
    if url is None:
        pytest.skip("make test-faults starts a real server")
    who = start(server, url)
    chance = random.Random(7)
    recoveries_s = []
    with mixed_load([server], who, seed=2) as load:
        load.wait_for_more(1)
        for number in range(KILLS):
            if number % 10 == 9:
                server.die()
                server.start()
            else:
                wait_until(lambda: load.under_way[server] >= 2, PATIENCE_S)
                kill(chance.choice(victims(server)))
                recoveries_s.append(recovered_s(server, who))
            assert_answers(server, load)
    assert load.lost
    assert median(recoveries_s) <= RECOVERY_S
    assert_promises_hold(server, load, who)
    assert server.stop() == 0
    assert_only_leftovers(url)
