"""Renditions that break, and more of them than there is room for, over a real socket."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.system.serving.server import (
    PATIENCE_S,
    Answer,
    Server,
    assert_problem,
    kill,
    running,
    stopped,
    wait_until,
)

# Some seconds of processor time, in little memory.
HEAVY = "resize:w=1500,h=1500,fit=fill,enlarge=true/" + "/".join(
    f"blur:{radius}" for radius in range(30, 70)
)
# A busy machine delays renders, and nothing else may end them.
PATIENT = {
    "limits_max_steps": 100,
    "render_timeout_s": 100,
    "render_wall_timeout_s": 600,
    "render_niceness": 0,
}


@pytest.fixture(scope="module")
def fragile(tmp_path_factory) -> Iterator[Server]:
    """A server whose renders may take little time and little memory."""
    with running(
        tmp_path_factory.mktemp("fragile"),
        **{**PATIENT, "render_timeout_s": 1},
        render_memory_bytes=3 * 2**27,
    ) as server:
        yield server


@pytest.fixture
def picture(fragile: Server, fresh_jpeg) -> Iterator[str]:
    """The path of a picture; after each test the server still renders it."""
    path = fragile.upload(fresh_jpeg)
    yield path
    assert fragile.get(f"{path}thumbnail:30x30.png").status == 200
    assert fragile.scratch_files() == []
    assert '"level": "error"' not in fragile.log


def test_a_render_that_takes_too_long_is_killed_and_422(fragile, picture):
    assert_problem(fragile.get(f"{picture}{HEAVY}.png"), 422, "more than 1 s of processor time")


def test_a_render_that_takes_too_much_memory_is_422(fragile, picture):
    """40 megapixels are 160 MB, which a process without a picture hardly has left of 384 MiB.

    Turned, there are two of them.
    """
    answer = fragile.get(f"{picture}resize:w=6300,h=6300,fit=fill,enlarge=true/rotate:90.png")
    assert_problem(answer, 422, "memory")


def test_a_render_whose_process_is_killed_twice_is_503(tmp_path, jpeg):
    """That is how the kernel ends a process if the machine has no memory left."""
    with running(tmp_path, **PATIENT) as server, ThreadPoolExecutor(1) as thread:
        picture = server.upload(jpeg)
        assert server.get(f"{picture}thumbnail:20x20.png").status == 200
        broken = thread.submit(server.get, f"{picture}{HEAVY}/sepia.png")
        while not broken.done():
            for pid in server.render_processes():
                if busy(pid):
                    kill(pid)
        assert_problem(broken.result(), 503, "try again later")
        assert int(broken.result().headers["retry-after"]) >= 1
        assert server.get(f"{picture}thumbnail:30x30.png").status == 200


def test_a_killed_render_process_costs_the_requests_that_wait_nothing(tmp_path, jpeg):
    with running(tmp_path, **PATIENT) as server, ThreadPoolExecutor(6) as threads:
        picture = server.upload(jpeg)
        [web] = server.web_workers()
        for number in range(2):
            idle = server.render_processes()
            broken = threads.submit(server.get, f"{picture}{HEAVY}/rotate:{number + 1}.png")
            wait_until(lambda: any(map(busy, idle)) or broken.done())  # noqa: B023
            waiting = [
                threads.submit(server.get, f"{picture}resize:w={20 + 5 * number + other}.png")
                for other in range(5)
            ]
            # Or what waits could be repeated in a process that is killed as well.
            with stopped([web]):
                for pid in filter(busy, server.render_processes()):
                    kill(pid)
            assert {answer.result(PATIENCE_S).status for answer in waiting} == {200}
            assert broken.result().status in (200, 503)


def busy(pid: int) -> bool:
    """True if the process is on a processor, or waits for one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "R"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_fork_server_of_the_renders_is_replaced(fragile, picture):
    """The process that starts the render processes is started again."""
    before = fragile.render_processes()
    for pid in before:
        kill(pid)
    wait_until(lambda: not before & fragile.family())
    wait_until(lambda: fragile.get(f"{picture}pixelate.png").status == 200)


def test_many_requests_for_one_rendition_render_it_once(server: Server, photo):
    path = server.upload(photo)
    with ThreadPoolExecutor(24) as threads:
        # Two web processes may each make it once; nothing makes it more often.
        answers = list(threads.map(lambda _: server.get(f"{path}resize:w=700.webp"), range(24)))
    misses = [answer for answer in answers if answer.headers.get("x-cache") == "miss"]
    assert {answer.status for answer in answers} <= {200, 503}
    assert 1 <= len(misses) <= 2
    assert len({answer.body for answer in answers if answer.status == 200}) == 1


def test_more_cold_renders_than_there_is_room_for_get_503_while_hits_are_served(tmp_path, photo):
    with running(tmp_path, render_queue=2, **PATIENT) as server:
        path = server.upload(photo)
        hit = f"{path}thumbnail:50x50.jpg"
        assert server.get(hit).status == 200

        def cold(number: int) -> Answer:
            return server.get(f"{path}resize:w={1500 + number}/blur:5.png")

        with ThreadPoolExecutor(12) as threads:
            with stopped(server.render_processes()):
                flood = [threads.submit(cold, number) for number in range(12)]
                wait_until(lambda: any(answer.done() for answer in flood))
                served = [server.get(hit) for _ in range(5)]
            answers = [answer.result() for answer in flood]
        assert [(a.status, a.headers["x-cache"]) for a in served] == [(200, "hit")] * 5
        refused = [answer for answer in answers if answer.status != 200]
        # One client may use half of the places, rounded up.
        assert len(answers) - len(refused) >= 2
        assert refused
        for answer in refused:
            assert_problem(answer, 503, "too many renders")
            assert int(answer.headers["retry-after"]) >= 1
        assert server.get(f"{path}resize:w=1499.jpg").status == 200


def test_signals_meant_for_the_terminal_do_not_break_renders(fragile, picture):
    """Ctrl-C reaches every process of a terminal; only the server itself decides."""
    assert fragile.get(f"{picture}sepia.png").status == 200
    for pid in fragile.render_processes():
        os.kill(pid, signal.SIGINT)
    assert fragile.get(f"{picture}invert.png").status == 200
