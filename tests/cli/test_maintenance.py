"""The commands for operators, on a folder store."""

from __future__ import annotations

import io
import json

import pytest
from typer.testing import CliRunner

from progimage import keys
from progimage.access.signed_links import link_key
from progimage.cli import commands
from progimage.errors import ConfigError, IndexMissing, NoLinkKey, NotFound
from progimage.library import Library
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS
from progimage.stores import create_store
from progimage.stores.folder.store import FilesystemStore
from tests.candidates import add
from tests.people import account


@pytest.fixture
def store(tmp_path, monkeypatch) -> FilesystemStore:
    monkeypatch.setenv("PROGIMAGE_STORE", f"file://{tmp_path}")
    create_store(f"file://{tmp_path}")
    return FilesystemStore(tmp_path)


def run(*arguments: str):
    return CliRunner().invoke(commands.app, arguments)


def test_check_of_a_healthy_store_finds_no_errors(store):
    add(Library(store), b"picture")
    result = run("check")
    assert result.exit_code == 0
    assert "no errors found; images checked: 1\n" in result.stderr


def test_check_finds_leftovers_and_repair_removes_them(store):
    record = add(Library(store), b"picture")
    orphan = keys.original(record.id, "0000")
    store.put(orphan, io.BytesIO(b"x"), media_type="image/png")
    found = run("check", "--grace-minutes", "0")
    assert found.exit_code == 1
    assert f"found: original without record: {orphan}" in found.output
    assert "`progimage check --repair` repairs: original without record" in found.stderr
    repaired = run("check", "--grace-minutes", "0", "--repair")
    assert repaired.exit_code == 0
    assert f"repaired: original without record: {orphan}" in repaired.output
    assert run("check", "--grace-minutes", "0").exit_code == 0
    assert Library(store).find(ANONYMOUS, record.id) == record


def test_check_names_origins_that_do_not_answer(store, tmp_path, monkeypatch):
    away, here = (tmp_path / "away").as_uri(), tmp_path.as_uri()
    monkeypatch.setenv(
        "PROGIMAGE_ORIGINS", f'{{away = {{from = "{away}"}}, here = {{from = "{here}"}}}}'
    )
    result = run("check")
    assert result.exit_code == 0
    assert "origin 'away' does not answer" in result.stderr
    assert "'here'" not in result.stderr


def test_check_exits_1_for_damage_even_after_repair(store):
    record = add(Library(store), b"picture")
    store.delete(keys.original(record.id, record.generation))
    result = run("check", "--repair")
    assert result.exit_code == 1
    assert "missing original" in result.output
    assert "progimage copy-store BACKUP STORE --repair --verify-all" in result.stderr


def test_gc_prints_what_it_removed(store):
    key = keys.rendition("a" * 64, "blur", "jpg", public=True)
    store.put(key, io.BytesIO(b"12345"), media_type="image/jpeg")
    result = run("gc", "--max-bytes", "0")
    assert result.exit_code == 0
    assert "removed 1 of 1 renditions, 5 of 5 bytes" in result.output
    assert list(store.list(keys.RENDERS)) == []


def test_a_dry_run_of_gc_removes_nothing_and_counts_as_a_run_does(store):
    for n in range(4):
        key = keys.rendition("a" * 64, f"blur:{n + 1}", "jpg", public=True)
        store.put(key, io.BytesIO(b"12345"), media_type="image/jpeg")
    before = list(store.list(""))
    for options in (["--max-bytes", "7"], ["--max-age-days", "0"]):
        planned = run("gc", *options, "--dry-run").output
        assert planned.startswith("would remove ")
        assert list(store.list("")) == before
    done = run("gc", "--max-age-days", "0").output
    assert done.startswith(planned.replace("would remove", "removed"))
    assert list(store.list(keys.RENDERS)) == []


def test_stats_counts_by_kind(store):
    add(Library(store), b"picture")
    key = keys.rendition("a" * 64, "blur", "jpg", public=True)
    store.put(key, io.BytesIO(b"12345"), media_type="image/jpeg")
    amounts = json.loads(run("stats", "--json").output)
    assert amounts["originals"] == {"count": 1, "size_bytes": 7}
    assert amounts["renditions"] == {"count": 1, "size_bytes": 5}
    assert amounts["images"]["count"] == 1
    assert amounts["index"]["count"] > 0
    assert run("stats").output.splitlines()[1] == "originals\t1\t7 bytes"


def test_an_error_is_one_line_without_a_stack_trace(monkeypatch, capsys):
    monkeypatch.setenv("PROGIMAGE_STORE", "ftp://x")
    monkeypatch.setattr("sys.argv", ["progimage", "check"])
    with pytest.raises(SystemExit) as stopped:
        commands.main()
    assert stopped.value.code == 2
    assert "no known scheme" in capsys.readouterr().err


def test_serve_with_a_configuration_that_is_missing_says_so(tmp_path):
    result = run("serve", "--config", f"{tmp_path}/gone.py")
    assert isinstance(result.exception, ConfigError)
    assert "--config: there is no file" in str(result.exception)


def test_reindex_builds_a_lost_index(store):
    record = add(Library(store), b"picture")
    for stat in list(store.list("index/")):
        store.delete(stat.key)
    assert isinstance(run("index").exception, IndexMissing)
    result = run("reindex")
    assert result.exit_code == 0
    assert result.output.splitlines() == ["built an index of 1 pictures"]
    assert Catalogue(Index(store)).first(ANONYMOUS, Query(), 10).records == [record]
    assert run("reindex").output.splitlines() == [
        "repaired 0 pictures and removed 0 from the index"
    ]
    for option in ("--from-scratch", "--anew"):
        output = run("reindex", option).output
        assert output.splitlines() == ["built an index of 1 pictures"]


def test_index_shows_what_waits(store):
    add(Library(store), b"picture")
    lines = dict(line.strip().split("\t") for line in run("index").output.splitlines())
    assert (lines["shelves"], lines["announcements"]) == ("0 in 1 ranges", "1")
    assert (lines["not in shelves yet"], lines["without their record"]) == ("1", "0")
    run("gc")
    lines = dict(line.strip().split("\t") for line in run("index").output.splitlines())
    assert (lines["shelves"], lines["entries"]) == ("1 in 1 ranges", "1")
    assert lines["not in shelves yet"] == "0"


def test_link_key_prints_a_key_for_each_secret_and_no_secret(store, monkeypatch):
    monkeypatch.setenv("PROGIMAGE_AUTH_SECRET", "x" * 32)
    monkeypatch.setenv("PROGIMAGE_AUTH_KEYS", f'[{{kid = "old", secret = "{"y" * 32}"}}]')
    result = run("link-key")
    ring = (("default", b"x"), ("old", b"y"))
    lines = [f"{kid} {link_key(letter * 32).hex()}" for kid, letter in ring]
    assert result.output.splitlines() == lines


def test_without_a_key_there_is_no_link_key(store):
    assert isinstance(run("link-key").exception, NoLinkKey)


def test_invalid_settings_are_printed_one_per_line(monkeypatch, capsys):
    monkeypatch.setenv("PROGIMAGE_FRIES", "1")
    monkeypatch.setenv("PROGIMAGE_RENDER_QUEUE", "many")
    monkeypatch.setattr("sys.argv", ["progimage", "gc"])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "progimage: these settings are not valid:"
    assert sorted(line.split(":")[0].strip() for line in lines[1:]) == [
        "PROGIMAGE_FRIES",
        "PROGIMAGE_RENDER_QUEUE",
    ]


def test_quotas_are_shown_and_set(store, monkeypatch):
    account(store, "ann")
    assert "quota.enabled" in str(run("user", "quota").exception)
    monkeypatch.setenv("PROGIMAGE_QUOTA_ENABLED", "true")
    monkeypatch.setenv("PROGIMAGE_QUOTA_MAX_PICTURES", "7")
    add(Library(store), b"12345", owner="ann")
    assert run("user", "quota").output == "ann\tpictures: 1 of 7\tbytes: 5, without a limit\n"
    limited = run("user", "quota", "ann", "--pictures", "2", "--bytes", "1000")
    assert limited.output == "ann\tpictures: 1 of 2\tbytes: 5 of 1,000\n"
    add(Library(store), b"678", owner="ann")
    again = run("user", "quota", "ann", "--recount", "--pictures", "-1", "--bytes", "0")
    assert again.output == "ann\tpictures: 2 of 7\tbytes: 8, without a limit\n"
    assert "name the account" in str(run("user", "quota", "--pictures", "1").exception)
    assert isinstance(run("user", "quota", "ben").exception, NotFound)
