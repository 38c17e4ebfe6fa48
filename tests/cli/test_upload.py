"""`progimage upload`, with the real service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from progimage.cli.files import LeftOut, find_files
from progimage.cli.manifest import Manifest
from progimage.cli.terminal import CommandError
from tests.client.scripted import CUT, busy, scripted
from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import wait_until


@pytest.fixture
def shots(tmp_path, fresh_jpeg) -> Path:
    """A folder with three images, one of them in a subfolder, and other files."""
    folder = tmp_path / "shots"
    (folder / "below").mkdir(parents=True)
    for n, path in enumerate(["a.png", "b.PNG", "below/c.png"]):
        (folder / path).write_bytes(saved(quadrants((30 + n, 20)), "PNG") + b"")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_text("not a picture")
    return folder


def test_one_file_is_uploaded_with_its_fields(use, tmp_path, fresh_jpeg):
    path = tmp_path / "a b.jpg"
    path.write_bytes(fresh_jpeg)
    done = use("upload", path, "--title", "T", "--tag", "x", "-t", "y", "--description", "D")
    assert done.code == 0
    [image_id, shown] = done.lines[0].split("\t")
    assert shown == str(path)
    [facts] = use("show", image_id, "--json").json
    assert (facts["title"], facts["tags"], facts["description"]) == ("T", ["x", "y"], "D")
    assert facts["file_name"] == "a b.jpg"


def test_an_image_gets_an_external_id_and_another_one_takes_it(use, url, tmp_path, fresh_jpeg):
    first, second = tmp_path / "a.jpg", tmp_path / "b.png"
    first.write_bytes(fresh_jpeg)
    second.write_bytes(saved(quadrants((21, 19)), "PNG"))
    name = f"shop/{tmp_path.name}"
    address = f"{url}/external/_/{quote(name, safe='')}"
    [old] = use("upload", str(first), "--external-id", name, "--json").json
    assert httpx.get(address).content == fresh_jpeg
    failed = use("upload", str(second), "--external-id", name)
    assert failed.code == 1
    assert "External id taken" in failed.err
    use("upload", str(second), "--external-id", name, "--replace")
    assert httpx.get(address).content == second.read_bytes()
    use("edit", old["id"], "--external-id", f"{name}-old")
    assert httpx.get(f"{address}-old").content == fresh_jpeg
    wrong = use("upload", str(first), str(second), "--external-id", name)
    assert (wrong.code, "one file" in wrong.err) == (2, True)


def test_a_folder_is_uploaded_with_everything_below_it(use, shots):
    done = use("upload", shots, "--json")
    assert done.code == 0
    assert [Path(item["path"]).name for item in sorted(done.json, key=lambda i: i["path"])] == [
        "a.png",
        "b.PNG",
        "c.png",
    ]
    assert all(len(item["id"]) == 64 for item in done.json)
    assert "0 failed" in done.err


def test_a_partial_failure_has_its_own_exit_code(use, shots):
    done = use("upload", shots, "--all", "--json")
    assert done.code == 3
    [failed] = [item for item in done.json if item["status"] == "failed"]
    assert failed["path"].endswith("notes.txt")
    assert "error" in failed
    assert use("upload", shots / "notes.txt").code == 1


def test_an_image_that_is_there_takes_fields_by_on_known(use, tmp_path, fresh_jpeg):
    path = tmp_path / "a.jpg"
    path.write_bytes(fresh_jpeg)
    use("upload", path, "--title", "First")
    again = use("upload", path, "--title", "Second", "--json")
    assert again.json[0]["not_applied"] == ["title"]
    assert "--on-known" in again.err
    done = use("upload", path, "--title", "Second", "--on-known", "replace", "--json")
    assert use("show", done.json[0]["id"], "--json").json[0]["title"] == "Second"
    assert "--on-known" not in done.err


def test_standard_input_is_one_image(use, fresh_jpeg):
    done = use("upload", "-", "--name", "piped.jpg", "--json", stdin=fresh_jpeg)
    assert done.code == 0
    [facts] = use("show", done.json[0]["id"], "--json").json
    assert facts["file_name"] == "piped.jpg"


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


def test_wrong_use_is_one_line(use, tmp_path):
    for arguments in (["missing.png"], ["-", "x.png"], [tmp_path]):
        done = use("upload", *arguments)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


def test_an_upload_without_a_server_stops_after_some_files(run, tmp_path):
    for n in range(60):
        (tmp_path / f"{n}.png").write_bytes(b"x")
    with scripted([]) as server:
        pass
    done = run("upload", tmp_path, "--concurrency", "30", "--url", server.url)
    assert done.code == 1
    assert 19 <= len(done.err.splitlines()) < 40


def test_an_upload_without_a_server_says_how_to_find_one(run, tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    with scripted([]) as server:
        pass
    done = run("upload", tmp_path / "a.jpg", "--url", server.url)
    assert done.code == 1
    assert f"no ProgImage at {server.url}" in done.err
    assert "PROGIMAGE_URL" in done.err


def test_an_invalid_token_ends_an_upload_at_once(run, tmp_path):
    for n in range(5):
        (tmp_path / f"{n}.png").write_bytes(b"x")
    with scripted([busy(401)] * 9) as server:
        done = run("upload", tmp_path, "-c", "1", "--url", server.url, "--token", "no")
        assert done.code == 1
        assert len(server.seen) <= 2


def test_control_characters_of_a_name_do_not_reach_the_terminal(use, tmp_path):
    path = tmp_path / "a\x1b[31m.png"
    path.write_bytes(saved(quadrants((31, 21)), "PNG"))
    assert b"\x1b" not in use("upload", path).out


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


def test_a_closed_pipe_is_no_stack_trace(url, tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    command = [Path(sys.executable).with_name("progimage"), "upload", tmp_path, "--url", url]
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=30)
    os.close(writer)
    assert b"Traceback" not in run.stderr


def test_an_upload_is_retried_after_a_broken_connection(run, tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    with scripted([CUT, busy(422)]) as server:
        done = run("upload", tmp_path / "a.jpg", "--url", server.url)
        assert len(server.seen) == 2
    assert done.code == 1
    assert "Too busy: come back" in done.err
