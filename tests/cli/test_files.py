"""Which files an upload takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from progimage.cli.files import LeftOut, find_files
from progimage.cli.terminal import CommandError


def test_files_are_found_by_name_folder_and_pattern(shots, monkeypatch):
    monkeypatch.chdir(shots)
    names = ["notes.txt", "**/*.png"]
    found = [str(path) for path in find_files(names, LeftOut(), every=False)]
    assert found == ["notes.txt", "a.png", "below/c.png"]
    assert len(list(find_files(["."], LeftOut(), every=True))) == 4
    with pytest.raises(CommandError, match="no such file"):
        list(find_files(["missing.png"], LeftOut(), every=False))


def test_a_folder_upload_prints_what_it_left_out(use, shots):
    (shots / "draft.psd").write_bytes(b"")
    (shots / "README").write_bytes(b"")
    (shots / ".git").mkdir()
    done = use("upload", shots)
    assert done.code == 0
    [line] = [line for line in done.err.splitlines() if line.startswith("left out")]
    assert line.startswith("left out: 3 with other suffixes (1 ")
    assert line.endswith("; --all takes them), 2 hidden")
    assert all(word in line for word in ("1 .txt", "1 .psd", "1 without suffix"))


def test_a_file_name_that_is_not_utf_8_fails_alone(use, shots):
    (shots / "a.png").rename(shots / os.fsdecode(b"caf\xe9.png"))
    done = use("upload", shots, "--json")
    assert done.code == 3
    status = {Path(item["path"]).name: item["status"] for item in done.json}
    assert status.pop("caf\udce9.png") == "failed"
    assert set(status) == {"b.PNG", "c.png"}
    assert set(status.values()) <= {"created", "existing"}
    [failed] = [item for item in done.json if item["status"] == "failed"]
    assert "not valid UTF-8" in failed["error"]
