"""Worker processes that break cost one call a clear error, and nothing else."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import CorruptPicture, Overloaded, RenderFailed, RenderTimeout
from progimage.imaging import fork_server
from progimage.imaging import pool as pool_module
from progimage.imaging.codecs import formats
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import render
from tests import bad_codecs

INTERRUPTIONS = [bad_codecs.kill_self, bad_codecs.lose_file, bad_codecs.fail_to_read]


@pytest.fixture(scope="module")
def pool() -> Iterator[RenderPool]:
    pool = RenderPool(workers=2, timeout_s=1, wall_timeout_s=60, memory_bytes=2**29, tasks=50)
    yield pool
    pool.close()


def test_the_answer_comes_from_another_process(pool):
    assert pool.run(bad_codecs.answer, {"a": 1}) == {"a": 1}
    assert pool.run(bad_codecs.pid) != os.getpid()


@pytest.mark.parametrize(
    ("codec", "error", "words"),
    [
        (bad_codecs.crash, RenderFailed, "crashed"),
        (bad_codecs.spin, RenderTimeout, "more than 1 s of processor time"),
        (bad_codecs.gorge, RenderFailed, "memory"),
    ],
)
def test_a_broken_codec_is_a_clear_error_and_the_next_call_succeeds(pool, codec, error, words):
    with pytest.raises(error, match=words):
        pool.run(codec)
    assert pool.run(bad_codecs.answer, 7) == 7


def test_time_by_the_clock_has_a_limit_of_its_own_which_is_not_the_pictures_fault():
    pool = RenderPool(workers=1, timeout_s=60, wall_timeout_s=0.5, memory_bytes=2**29, tasks=50)
    try:
        with pytest.raises(Overloaded, match=r"within 0\.5 s"):
            pool.run(bad_codecs.hang)
    finally:
        pool.close()


def test_a_call_may_wait_longer_than_it_may_compute():
    pool = RenderPool(workers=1, timeout_s=0.5, wall_timeout_s=60, memory_bytes=2**29, tasks=50)
    try:
        assert pool.run(bad_codecs.wait_without_work, 0.7) is None
    finally:
        pool.close()


def test_processor_time_counts_for_each_call_by_itself():
    pool = RenderPool(workers=1, timeout_s=0.5, wall_timeout_s=60, memory_bytes=2**29, tasks=50)
    try:
        worker = pool.run(bad_codecs.pid)
        for _ in range(4):
            pool.run(bad_codecs.work, 0.2)
        assert pool.run(bad_codecs.pid) == worker
    finally:
        pool.close()


def test_calls_beside_a_crash_are_not_harmed(pool):
    with ThreadPoolExecutor(8) as threads:
        crashes = [threads.submit(pool.run, bad_codecs.crash) for _ in range(4)]
        answers = [threads.submit(pool.run, bad_codecs.answer, n) for n in range(30)]
        assert [answer.result() for answer in answers] == list(range(30))
        assert all(isinstance(crash.exception(), RenderFailed) for crash in crashes)


def test_idle_workers_killed_from_outside_are_replaced_unnoticed():
    """The kernel, short of memory, picks the largest process, busy or not."""
    pool = RenderPool(workers=1, timeout_s=3, memory_bytes=2**29, tasks=50)
    try:
        for _ in range(3):
            worker = pool.run(bad_codecs.pid)
            wait_for_state(worker, "S")
            os.kill(worker, signal.SIGKILL)
            wait_for_state(worker, "Z", "gone")
            assert pool.run(bad_codecs.answer, 7) == 7
    finally:
        pool.close()


def test_a_killed_fork_server_is_replaced_unnoticed(pool):
    pool.run(bad_codecs.pid)
    fork_server = pool.run(bad_codecs.parent_pid)
    os.kill(fork_server, signal.SIGKILL)
    wait_for_state(fork_server, "Z", "gone")
    assert pool.run(bad_codecs.answer, 7) == 7


@pytest.mark.parametrize(
    "fault",
    [
        bad_codecs.kill_self,
        bad_codecs.lose_file,
        bad_codecs.fail_to_read,
        bad_codecs.kill_fork_server,
    ],
)
def test_a_render_interrupted_twice_by_the_machine_is_503_and_may_be_tried_later(pool, fault):
    """It is not the picture's fault: 503, and no 422 that clients take for the last word."""
    with pytest.raises(Overloaded, match="try again later"):
        pool.run(fault)
    assert pool.run(bad_codecs.answer, 7) == 7


@pytest.mark.parametrize(
    "fault",
    [
        bad_codecs.kill_self,
        bad_codecs.lose_file,
        bad_codecs.fail_to_read,
        bad_codecs.kill_fork_server,
    ],
)
def test_a_render_interrupted_once_by_the_machine_succeeds(pool, tmp_path, fault):
    assert pool.run(bad_codecs.once, str(tmp_path / "seen"), fault) == "done"


def test_a_file_that_is_gone_is_no_fault_of_the_machine(pool, tmp_path):
    with pytest.raises(FileNotFoundError):
        pool.run(inspect, str(tmp_path / "gone"), Limits())


def test_a_killed_process_that_held_a_lock_of_the_pool_delays_no_other_call():
    """Pebble would let the others wait for the lock for a minute."""
    pool = RenderPool(workers=1, timeout_s=60, memory_bytes=2**29, tasks=50)
    try:
        pool.run(bad_codecs.pid)
        with ThreadPoolExecutor(5) as threads:
            killed = threads.submit(pool.run, bad_codecs.kill_self_with_the_lock)
            answers = [threads.submit(pool.run, bad_codecs.answer, n) for n in range(4)]
            assert [answer.result(50) for answer in answers] == list(range(4))
            assert isinstance(killed.exception(50), Overloaded)
    finally:
        pool.close()


def test_a_pool_that_begins_with_no_call_is_started_again():
    pool = RenderPool(workers=1, timeout_s=60, memory_bytes=2**29, tasks=50)
    try:
        pool.run(bad_codecs.wait_without_work, 1.5)  # so that it is seen to begin
        worker = pool.run(bad_codecs.pid)
        wait_for_state(worker, "S")
        os.kill(worker, signal.SIGSTOP)
        pool.start_s = 3.0
        assert pool.run(bad_codecs.answer, 7) == 7
    finally:
        pool.close()


def test_a_pool_that_hangs_is_given_up_and_the_next_one_works():
    pool = RenderPool(workers=1, timeout_s=0.5, memory_bytes=2**29, tasks=50)
    try:
        worker = pool.run(bad_codecs.pid)
        wait_for_state(worker, "S")
        os.kill(worker, signal.SIGSTOP)
        pool.start_s = 0.0
        with pytest.raises(Overloaded):
            pool.run(bad_codecs.answer, 7)
        pool.start_s = 10.0
        assert pool.run(bad_codecs.answer, 7) == 7
    finally:
        pool.close()


def test_a_machine_that_starts_no_processes_is_a_fault_to_try_again(monkeypatch):
    """As without /dev/shm, where there are no semaphores."""

    def fail(**_: object) -> None:
        raise OSError(errno.ENOENT, "no semaphores")

    monkeypatch.setattr(pool_module, "ProcessPool", fail)
    pool = RenderPool(workers=1, timeout_s=3, memory_bytes=2**29, tasks=50)
    with pytest.raises(Overloaded, match="cannot be started"):
        pool.run(bad_codecs.answer, 7)


def test_a_closed_pool_starts_nothing():
    pool = RenderPool(workers=1, timeout_s=3, memory_bytes=2**29, tasks=50)
    pool.close()
    with pytest.raises(Overloaded):
        pool.run(bad_codecs.answer, 7)


def wait_for_state(pid: int, *states: str) -> None:
    """Return when the process is in one of the states of proc(5), or "gone"."""
    state = ""
    while state not in states:
        time.sleep(0.01)
        try:
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            state = "gone"


def test_encoder_settings_reach_the_encoder_in_its_process(pool, tmp_path):
    source, limits = tmp_path / "source.png", Limits()
    Image.effect_noise((64, 64), 80).save(source)
    sizes = []
    for quality in (30, 90):
        target, pipeline = tmp_path / f"{quality}.jpg", parse(f"quality:{quality}")
        pool.run(render, str(source), pipeline, str(target), formats.JPEG, limits)
        sizes.append(target.stat().st_size)
        render(str(source), pipeline, str(tmp_path / "here.jpg"), formats.JPEG, limits)
        assert target.read_bytes() == (tmp_path / "here.jpg").read_bytes()
    assert sizes[0] < sizes[1] / 2


@pytest.mark.parametrize("form", formats.READABLE, ids=lambda form: form.name)
def test_a_format_is_the_same_in_every_process(form):
    assert pickle.loads(pickle.dumps(form)) is form


def test_our_own_errors_cross_the_border_as_they_are(pool, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + b"\0" * 100)
    with pytest.raises(CorruptPicture):
        pool.run(inspect, str(picture), Limits())


def test_an_unforeseen_error_is_raised_too_so_that_it_is_logged(pool):
    with pytest.raises(ZeroDivisionError):
        pool.run(bad_codecs.fail)


def test_the_time_limit_counts_from_the_start_of_the_work_not_of_the_wait():
    pool = RenderPool(workers=1, timeout_s=1.5, memory_bytes=2**29, tasks=50)
    try:
        pool.run(bad_codecs.nap, 0)
        with ThreadPoolExecutor(3) as threads:
            naps = [threads.submit(pool.run, bad_codecs.nap, 0.8) for _ in range(3)]
            assert [nap.exception() for nap in naps] == [None] * 3
    finally:
        pool.close()


def test_closing_ends_the_workers_and_fails_what_still_runs():
    pool = RenderPool(workers=1, timeout_s=60, memory_bytes=2**29, tasks=50)
    worker = pool.run(bad_codecs.pid)
    errors: list[BaseException] = []
    started = threading.Event()

    def hang() -> None:
        started.set()
        try:
            pool.run(bad_codecs.hang)
        except Overloaded as error:
            errors.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    started.wait()
    pool.close()
    thread.join(60)
    assert not thread.is_alive()
    assert len(errors) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_processes_start_without_the_main_script(tmp_path):
    """They import nothing else either: all that they need is in the fork server."""
    script = tmp_path / "main.py"
    script.write_text(
        "print('begins as', __name__, flush=True)\n"
        "from progimage.imaging import pool\n"
        "from tests import forked\n"
        "if __name__ == '__main__':\n"
        "    pool._PRELOADED.append('tests.forked')\n"
        "    processes = pool.RenderPool(workers=1, timeout_s=60, memory_bytes=2**29, tasks=1)\n"
        "    names = processes.run(forked.imported)\n"
        "    print([name for name in names if not name.startswith('multiprocessing.')])\n"
        "    processes.close()\n"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": os.fspath(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.stdout.splitlines() == ["begins as __main__", "[]"], run.stderr


def test_processes_are_started_again_after_a_clean_up_of_their_socket(tmp_path):
    pool = RenderPool(
        workers=1,
        timeout_s=60,
        memory_bytes=2**30,
        tasks=1,
        make_folder=lambda: Path(tempfile.mkdtemp(dir=tmp_path)),
    )
    try:
        for number in range(3):
            assert pool.run(bad_codecs.answer, number) == number
            fork_server.listener().unlink()
    finally:
        pool.close()
        fork_server.prepare(lambda: tmp_path)  # other tests start processes too
