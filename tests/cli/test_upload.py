"""`progimage upload`, against the real service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from progimage.cli.files import pick
from progimage.cli.manifest import Manifest
from progimage.cli.terminal import Complaint
from tests.client.scripted import CUT, busy, scripted
from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import wait_until


@pytest.fixture
def shots(tmp_path, fresh_jpeg) -> Path:
    """A folder with three pictures, one below, and what is none."""
    folder = tmp_path / "shots"
    (folder / "below").mkdir(parents=True)
    for n, path in enumerate(["a.png", "b.PNG", "below/c.png"]):
        (folder / path).write_bytes(saved(quadrants((30 + n, 20)), "PNG") + b"")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_text("not a picture")
    return folder


def test_one_file_is_kept_with_what_is_said_of_it(talk, tmp_path, fresh_jpeg):
    path = tmp_path / "a b.jpg"
    path.write_bytes(fresh_jpeg)
    done = talk("upload", path, "--title", "T", "--tag", "x", "-t", "y", "--description", "D")
    assert done.code == 0
    [image_id, shown] = done.lines[0].split("\t")
    assert shown == str(path)
    [facts] = talk("show", image_id, "--json").json
    assert (facts["title"], facts["tags"], facts["description"]) == ("T", ["x", "y"], "D")
    assert facts["file_name"] == "a b.jpg"


def test_a_folder_is_taken_with_all_pictures_below_it(talk, shots):
    done = talk("upload", shots, "--json")
    assert done.code == 0
    assert [Path(item["path"]).name for item in sorted(done.json, key=lambda i: i["path"])] == [
        "a.png",
        "b.PNG",
        "c.png",
    ]
    assert all(len(item["id"]) == 64 for item in done.json)
    assert "0 failed" in done.err


def test_a_partial_failure_has_an_exit_code_of_its_own(talk, shots):
    done = talk("upload", shots, "--all", "--json")
    assert done.code == 3
    [failed] = [item for item in done.json if item["status"] == "failed"]
    assert failed["path"].endswith("notes.txt")
    assert "error" in failed
    assert talk("upload", shots / "notes.txt").code == 1


def test_standard_input_is_one_picture(talk, fresh_jpeg):
    done = talk("upload", "-", "--name", "piped.jpg", "--json", stdin=fresh_jpeg)
    assert done.code == 0
    [facts] = talk("show", done.json[0]["id"], "--json").json
    assert facts["file_name"] == "piped.jpg"


def test_a_second_run_sends_only_what_is_new_or_changed(talk, shots, tmp_path):
    manifest = tmp_path / "done.jsonl"
    first = talk("upload", shots, "--manifest", manifest, "--json")
    assert {item["status"] for item in first.json} <= {"created", "existing"}
    (shots / "a.png").write_bytes(saved(quadrants((77, 20)), "PNG"))
    (shots / "d.png").write_bytes(saved(quadrants((78, 20)), "PNG"))
    second = talk("upload", shots, "--manifest", manifest, "--json")
    assert second.code == 0
    assert {Path(i["path"]).name: i["status"] for i in second.json} == {
        "a.png": "created",
        "b.PNG": "skipped",
        "c.png": "skipped",
        "d.png": "created",
    }


def test_a_manifest_that_a_crash_cut_short_is_read_and_gone_on_with(tmp_path):
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


def test_files_are_picked_by_name_folder_and_pattern(shots, monkeypatch):
    monkeypatch.chdir(shots)
    names = [str(path) for path in pick(["notes.txt", "**/*.png"], every=False)]
    assert names == ["notes.txt", "a.png", "below/c.png"]
    assert len(list(pick(["."], every=True))) == 4
    with pytest.raises(Complaint, match="no such file"):
        list(pick(["missing.png"], every=False))


def test_wrong_use_is_one_line(talk, tmp_path):
    for arguments in (["missing.png"], ["-", "x.png"], [tmp_path]):
        done = talk("upload", *arguments)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


def test_a_server_that_is_not_there_is_not_asked_a_thousand_times(run, tmp_path):
    for n in range(60):
        (tmp_path / f"{n}.png").write_bytes(b"x")
    with scripted([]) as server:
        pass
    done = run("upload", tmp_path, "--concurrency", "30", "--url", server.url)
    assert done.code == 1
    assert 19 <= len(done.err.splitlines()) < 40


def test_a_refused_token_ends_it_at_once(run, tmp_path):
    for n in range(5):
        (tmp_path / f"{n}.png").write_bytes(b"x")
    with scripted([busy(401)] * 9) as server:
        done = run("upload", tmp_path, "-c", "1", "--url", server.url, "--token", "no")
        assert done.code == 1
        assert len(server.seen) <= 2


def test_control_characters_of_a_name_do_not_reach_the_terminal(talk, tmp_path):
    path = tmp_path / "a\x1b[31m.png"
    path.write_bytes(saved(quadrants((31, 21)), "PNG"))
    assert b"\x1b" not in talk("upload", path).out


def test_ctrl_c_ends_it_with_130_and_the_manifest_knows_what_was_done(url, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(600):
        (folder / f"{n:04}.png").write_bytes(saved(quadrants((20 + n % 50, 20 + n // 50)), "PNG"))
    manifest = tmp_path / "done.jsonl"
    command = [Path(sys.executable).with_name("progimage"), "upload", folder, "--url", url]
    command += ["--manifest", manifest, "--json", "-c", "2"]
    # What a shell starts in the background is deaf to Ctrl-C, and so is all below it.
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


def test_a_closed_pipe_is_no_stack_trace(url, tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    command = [Path(sys.executable).with_name("progimage"), "upload", tmp_path, "--url", url]
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=30)
    os.close(writer)
    assert b"Traceback" not in run.stderr


def test_a_cut_connection_costs_no_picture(run, tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    with scripted([CUT, busy(422)]) as server:
        done = run("upload", tmp_path / "a.jpg", "--url", server.url)
        assert len(server.seen) == 2
    assert done.code == 1
    assert "Too busy: come back" in done.err
