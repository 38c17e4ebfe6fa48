"""The list of files that were uploaded, by which a broken upload goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from progimage.cli.manifest import Manifest
from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import wait_until


def test_a_second_run_uploads_only_new_and_changed_files(use, shots, tmp_path):
    manifest = tmp_path / "done.jsonl"
    first = use("upload", shots, "--manifest", manifest, "--json")
    assert {item["status"] for item in first.json} <= {"created", "existing"}
    (shots / "a.png").write_bytes(saved(quadrants((77, 20)), "PNG"))
    (shots / "d.png").write_bytes(saved(quadrants((78, 20)), "PNG"))
    second = use("upload", shots, "--manifest", manifest, "--json")
    assert second.code == 0
    assert {Path(i["path"]).name: i["status"] for i in second.json} == {
        "a.png": "created",
        "b.PNG": "skipped",
        "c.png": "skipped",
        "d.png": "created",
    }


def test_a_manifest_with_an_incomplete_line_can_be_continued(tmp_path):
    file, picture = tmp_path / "done.jsonl", tmp_path / "a.png"
    picture.write_bytes(b"x")
    facts = picture.stat()
    with Manifest(file, "http://a") as manifest:
        manifest.add(picture, facts, "id")
    whole = file.read_bytes()
    file.write_bytes(whole + whole[: len(whole) // 2])
    other = tmp_path / "b.png"
    other.write_bytes(b"y")
    with Manifest(file, "http://a") as manifest:
        assert manifest.has(picture, facts)
        assert not manifest.has(other, other.stat())
        manifest.add(other, other.stat(), "id2")
    with Manifest(file, "http://a") as manifest:
        assert manifest.has(picture, facts)
        assert manifest.has(other, other.stat())
    with Manifest(file, "http://b") as manifest:
        assert not manifest.has(picture, facts)


def test_ctrl_c_exits_with_130_and_the_manifest_lists_what_was_uploaded(url, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(600):
        (folder / f"{n:04}.png").write_bytes(saved(quadrants((20 + n % 50, 20 + n // 50)), "PNG"))
    manifest = tmp_path / "done.jsonl"
    command = [Path(sys.executable).with_name("progimage"), "upload", folder, "--url", url]
    command += ["--manifest", manifest, "--json", "-c", "2"]
    # A shell starts background processes with SIGINT ignored.
    command = ["env", "--default-signal=INT", *command]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: manifest.exists() and manifest.read_bytes().count(b"\n") >= 5)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    assert b"Traceback" not in err
    assert b"interrupted" in err
    assert b"\x1b" not in out + err
    noted = [json.loads(line)["path"] for line in manifest.read_text().splitlines()]
    assert 5 <= len(noted) < 600
    assert set(noted) >= {json.loads(line)["path"] for line in out.splitlines()}
