"""gunicorn's master goes on when a worker cannot be replaced."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from progimage.server import supervision
from progimage.server.supervision import Heartbeat, keep_alive

BOOT_ERROR, LOAD_ERROR = 3, 4


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, text: str, *args: object) -> None:
        self.lines.append(text % args)


def master(outcome: BaseException | None, *, started: int) -> SimpleNamespace:
    """A master with two workers, of which so many were started; the next one ends so."""

    def spawn() -> int:
        if outcome is not None:
            raise outcome
        return 7

    made = SimpleNamespace(
        worker_age=started,
        num_workers=2,
        spawn_worker=spawn,
        WORKER_BOOT_ERROR=BOOT_ERROR,
        APP_LOAD_ERROR=LOAD_ERROR,
        log=Log(),
    )
    keep_alive(made)
    return made


@pytest.fixture(autouse=True)
def no_pause(monkeypatch) -> None:
    monkeypatch.setattr(supervision, "PAUSE_S", 0)


def test_a_worker_is_started():
    assert master(None, started=2).spawn_worker() == 7


@pytest.mark.parametrize("error", [OSError(12, "Cannot allocate memory"), RuntimeError("gone")])
def test_a_worker_that_cannot_be_forked_is_tried_again_and_logged(error):
    made = master(error, started=2)
    assert made.spawn_worker() is None
    assert str(error) in made.log.lines[0]


def test_the_first_workers_of_a_server_must_be_forked():
    with pytest.raises(OSError, match="memory"):
        master(OSError(12, "no memory"), started=1).spawn_worker()


@pytest.mark.parametrize("code", [BOOT_ERROR, LOAD_ERROR])
@pytest.mark.parametrize(("started", "ends_the_master"), [(1, True), (2, False)])
def test_only_a_first_worker_that_does_not_start_ends_the_master(code, started, ends_the_master):
    with pytest.raises(SystemExit) as end:
        master(SystemExit(code), started=started).spawn_worker()
    assert (end.value.code in (BOOT_ERROR, LOAD_ERROR)) is ends_the_master


def test_the_end_of_a_worker_that_had_started_is_as_before():
    with pytest.raises(SystemExit) as end:
        master(SystemExit(0), started=2).spawn_worker()
    assert end.value.code == 0


def test_signs_of_life_need_no_folder():
    heartbeat = Heartbeat(SimpleNamespace(umask=0, worker_tmp_dir="/nowhere"))
    os.utime(heartbeat.fileno(), (5, 5))
    assert heartbeat.last_update() == 5
    heartbeat.notify()
    assert heartbeat.last_update() > 5
    heartbeat.close()


def test_without_files_in_memory_the_folder_of_gunicorn_is_used(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    cfg = SimpleNamespace(umask=0, worker_tmp_dir=str(tmp_path), uid=os.geteuid(), gid=os.getegid())
    heartbeat = Heartbeat(cfg)
    heartbeat.notify()
    heartbeat.close()
