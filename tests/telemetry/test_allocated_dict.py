"""Numbers survive a full disk and a folder that is gone."""

from __future__ import annotations

import errno
import os

import pytest
from prometheus_client.mmap_dict import MmapedDict

from progimage.telemetry.allocated_dict import AllocatedDict


def no_space(*_):
    raise OSError(errno.ENOSPC, "no space")


@pytest.fixture
def full_disk(monkeypatch):
    """Let no file have another block."""
    monkeypatch.setattr(os, "posix_fallocate", no_space)


def blocks(path) -> int:
    return path.stat().st_blocks * 512


def test_a_new_file_has_its_blocks_before_it_is_written_to(tmp_path):
    path = tmp_path / "counter_1.db"
    AllocatedDict(str(path)).close()
    assert blocks(path) >= path.stat().st_size > 0


def test_a_file_that_grows_has_its_blocks_too_and_the_library_reads_it(tmp_path):
    path = tmp_path / "counter_1.db"
    numbers = AllocatedDict(str(path))
    for number in range(2_000):
        numbers.write_value(f"key {number} {'x' * 100}", number, 0.0)
    numbers.close()
    assert blocks(path) >= path.stat().st_size > 200_000
    read = {key: value for key, value, _, _ in MmapedDict.read_all_values_from_file(str(path))}
    assert len(read) == 2_000
    assert read[f"key 7 {'x' * 100}"] == 7


def test_on_a_full_disk_numbers_stay_in_memory(tmp_path, full_disk):
    numbers = AllocatedDict(str(tmp_path / "counter_1.db"))
    numbers.write_value("key", 3.0, 1.0)
    assert numbers.read_value("key") == (3.0, 1.0)
    assert numbers.read_value("other") == (0.0, 0.0)


def test_numbers_that_do_not_fit_the_file_stay_in_memory(tmp_path, monkeypatch):
    numbers = AllocatedDict(str(tmp_path / "counter_1.db"))
    numbers.write_value("first", 1.0, 0.0)
    monkeypatch.setattr(os, "posix_fallocate", no_space)
    for number in range(2_000):
        numbers.write_value(f"key {number} {'x' * 100}", number, 0.0)
    assert numbers.read_value("first") == (1.0, 0.0)
    assert numbers.read_value(f"key 1999 {'x' * 100}") == (1999.0, 0.0)
    numbers.close()


def test_a_folder_that_is_gone_costs_only_the_numbers(tmp_path):
    numbers = AllocatedDict(str(tmp_path / "gone" / "counter_1.db"))
    numbers.write_value("key", 3.0, 0.0)
    assert numbers.read_value("key") == (3.0, 0.0)
