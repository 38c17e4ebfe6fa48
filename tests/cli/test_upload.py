"""`progimage upload`, with the real service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.client.scripted import CUT, busy, scripted
from tests.closed_port import closed_port
from tests.imaging.drawing import quadrants, saved


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


def test_wrong_use_is_one_line(use, tmp_path):
    for arguments in (["missing.png"], ["-", "x.png"], [tmp_path]):
        done = use("upload", *arguments)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


def test_an_upload_without_a_server_stops_after_some_files(run, tmp_path):
    for n in range(60):
        (tmp_path / f"{n}.png").write_bytes(b"x")
    with closed_port() as url:
        done = run("upload", tmp_path, "--concurrency", "30", "--url", url)
    assert done.code == 1
    assert 19 <= len(done.err.splitlines()) < 40


def test_an_upload_without_a_server_says_how_to_find_one(run, tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg)
    with closed_port() as url:
        done = run("upload", tmp_path / "a.jpg", "--url", url)
    assert done.code == 1
    assert f"no ProgImage at {url}" in done.err
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
