"""No request waits for the log, whatever has become of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.telemetry import line_writer
from progimage.telemetry.line_writer import LineWriter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe: that of a reader, and that of a log."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def read_until(reader: int, text: bytes) -> bytes:
    data = b""
    while text not in data:
        data += os.read(reader, 65536)
    return data


def test_lines_arrive_in_order(pipe):
    reader, end = pipe
    log = LineWriter(end)
    for number in range(100):
        log.write(f"line {number}\n")
    assert read_until(reader, b"line 99\n") == b"".join(b"line %d\n" % n for n in range(100))


def test_a_stalled_reader_stops_no_request_and_lines_are_dropped_and_counted(pipe, monkeypatch):
    monkeypatch.setattr(line_writer, "MOST_LINES", 50)
    reader, end = pipe
    dropped = []
    log = LineWriter(end, dropped.append)
    for number in range(2_000):
        log.write(f"{number} {'x' * 1_000}\n")
    assert sum(dropped) > 1_000
    data = read_until(reader, b"log lines were dropped")
    assert data.startswith(b"0 xxx")


def test_a_dead_reader_stops_no_request(pipe):
    reader, end = pipe
    os.close(reader)
    dropped = threading.Event()
    log = LineWriter(end, lambda _: dropped.set())
    log.write("a line\n")
    assert dropped.wait(60)


def test_a_full_disk_stops_no_request():
    with Path("/dev/full").open("wb") as full:
        dropped = threading.Event()
        log = LineWriter(full.fileno(), lambda _: dropped.set())
        log.write("a line\n")
        assert dropped.wait(60)


def test_waiting_lines_are_written_at_the_end(pipe):
    reader, end = pipe
    log = LineWriter(end)
    log.write("last words\n")
    log.close()
    assert os.read(reader, 100) == b"last words\n"


def test_a_forked_process_writes_its_own_lines_once(pipe):
    reader, end = pipe
    log = LineWriter(end)
    log.write("parent\n")
    read_until(reader, b"parent\n")
    child = os.fork()
    if not child:
        log.write("child\n")
        log.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"child\n"


def test_half_a_surrogate_pair_is_no_trouble(pipe):
    reader, end = pipe
    LineWriter(end).write("\ud800\n")
    assert read_until(reader, b"\n") == b"\\ud800\n"
