"""The lock between the processes of a machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from progimage.renditions.node_lock import node_lock

HOLDS = """
import sys, time
from pathlib import Path
from progimage.renditions.node_lock import node_lock
with node_lock("key", Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def waiter(tmp_path) -> tuple[threading.Thread, threading.Event]:
    entered = threading.Event()

    def enter() -> None:
        with node_lock("key", tmp_path):
            entered.set()

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    return thread, entered


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_another_process_waits_until_the_holder_ends(holder, tmp_path, number):
    thread, entered = waiter(tmp_path)
    assert not entered.is_set()
    holder.send_signal(number)
    assert entered.wait(60)
    thread.join(60)


def test_other_keys_do_not_wait(holder, tmp_path):
    assert holder.poll() is None
    with node_lock("another key", tmp_path):
        pass


def test_without_a_place_for_locks_the_work_is_done(tmp_path):
    place = tmp_path / "file"
    place.write_text("no folder")
    with node_lock("key", place):
        pass


def test_a_link_in_place_of_a_lock_is_not_followed(tmp_path):
    target = tmp_path / "target"
    for number in range(64):
        (tmp_path / f"lock-{number}").symlink_to(target)
    with node_lock("key", tmp_path):
        pass
    assert not target.exists()
