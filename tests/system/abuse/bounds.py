"""What others see of a server under attack, and what all its processes may take.

Everything is compared within one run: before, during and after the attack, and with a program
that does nothing, so that other work on the machine does not count.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from PIL import Image

from tests.imaging.drawing import saved
from tests.system.abuse.probes import Delays, delays
from tests.system.serving.server import Peer, Server, peak_memory_bytes, wait_until

ATTACKER = ("127.0.0.2", 0)
PATIENCE_S = 90

# Hits under attack may take so many times what they take without.
RATIO = 10
# Scheduling on two busy cores takes less than half as long; a blocked thread pool takes as long
# as slow clients may take: ten seconds and more.
LEAST_P99_S = 1.0
RECOVERY_S = 20
_TRIES = 3
_LEAST_PRIORITY = 19

_last_idle: dict[Peer, tuple[list[Delays], list[float]]] = {}

# docs/operate/scaling.md, "Memory".
MOST_OF_A_WEB_PROCESS = 400 * 2**20
MOST_OF_THE_REST = 200 * 2**20
RENDER_BYTES = 512 * 2**20


def work_s(peer: Peer) -> float:
    """Return how long it takes until an upload and a new rendition succeed."""
    noise = Image.frombytes("RGB", (64, 64), random.randbytes(64 * 64 * 3))
    data, kind = saved(noise, "PNG"), {"Content-Type": "image/png"}
    started = time.monotonic()
    answer = peer.request("POST", "/images/", data, kind)
    while answer.status not in (200, 201):
        assert answer.status in (429, 503), answer.body[:2000]
        assert time.monotonic() - started < PATIENCE_S
        time.sleep(0.05)
        answer = peer.request("POST", "/images/", data, kind)
    picture = f"/images/{answer.json['id']}/"
    wait_until(lambda: peer.get(f"{picture}resize:w=31.webp").status == 200, PATIENCE_S)
    return time.monotonic() - started


def assert_withstands(
    server: Server, hit: str, attack: AbstractContextManager[None], front: Peer | None = None
) -> None:
    """Hold a server to its bounds while the attack lasts, and to its recovery after it.

    Memory is looked at throughout, so that the look delays requests without the attack as well.

    Args:
        hit: the path of a cached rendition.
        front: what others ask in place of the server itself.
    """
    peer = front or server
    with measured(server) as memory:
        # What the test before has measured after its attack is also the time before this one.
        idle, idle_work_s = _last_idle.pop(peer, None) or ([delays(peer, hit)], [work_s(peer)])
        with attack:
            during = [delays(peer, hit)]
            # Measured again, in case something else on this machine took the time.
            while not any(is_within_bounds(idle, each) for each in during):
                if len(during) == _TRIES:
                    break
                during.append(delays(peer, hit))
        recovered_s = work_s(peer)
        idle.append(delays(peer, hit))
        idle_work_s.append(work_s(peer))
        _last_idle[peer] = ([idle[-1]], [idle_work_s[-1]])
    assert any(is_within_bounds(idle, each) for each in during), (idle, during)
    assert recovered_s <= max(RATIO * max(idle_work_s), RECOVERY_S), idle_work_s
    assert_memory_is_bounded(server, memory)
    assert "Traceback" not in server.log


def is_within_bounds(idle: list[Delays], during: Delays) -> bool:
    """Return whether hits took no longer than the attack, or a busy machine, excuses."""
    calm_s = max(each.server_s for each in idle)
    return during.server_s <= max(RATIO * max(calm_s, during.control_s), LEAST_P99_S)


def assert_memory_is_bounded(server: Server, memory: Memory) -> None:
    """Hold all processes, and each web process, to the documented bounds."""
    webs = server.web_workers()
    for pid in webs:
        assert peak_memory_bytes(pid) < MOST_OF_A_WEB_PROCESS
    # A web process has a render process for requests, and one for jobs.
    of_each = MOST_OF_A_WEB_PROCESS + 2 * RENDER_BYTES
    assert 0 < memory.most_bytes < len(webs) * of_each + MOST_OF_THE_REST


class Memory:
    """The most memory that all processes of a server had at one time.

    Pages that processes share count once (proc(5), /proc/pid/smaps_rollup, Pss).
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.most_bytes = 0

    def look(self) -> None:
        self.most_bytes = max(self.most_bytes, sum(map(_own_bytes, self._server.family())))


def _own_bytes(pid: int) -> int:
    with suppress(OSError):
        found = re.search(r"Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8"))
        return int(found[1]) * 1024 if found else 0
    return 0


@contextmanager
def repeated(act: Callable[[], object], every_s: float = 0.0, threads: int = 1) -> Iterator[None]:
    """Do something over and over in threads; what it raises is raised at the end."""
    stop, errors = threading.Event(), []

    def go_on() -> None:
        # The work of attackers must not take the processor from the server.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_PRIORITY)
        try:
            while not stop.is_set():
                act()
                stop.wait(every_s)
        except Exception as error:
            errors.append(error)

    running = [threading.Thread(target=go_on) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in running:
            thread.join()
    if errors:
        raise errors[0]


@contextmanager
def measured(server: Server) -> Iterator[Memory]:
    """Look at the memory of all processes twice a second."""
    memory = Memory(server)
    with repeated(memory.look, every_s=0.5):
        yield memory


def attacker(peer: Peer) -> http.client.HTTPConnection:
    """Return a connection from the attacker's address."""
    return http.client.HTTPConnection(*peer.address, timeout=PATIENCE_S, source_address=ATTACKER)
