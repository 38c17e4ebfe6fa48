"""Locked packages against known vulnerabilities, from committed files alone."""

from __future__ import annotations

import datetime
import json
import subprocess

import pytest

from tools import audit

OLD = {"id": "PYSEC-1", "aliases": ["CVE-1"], "ranges": [[["introduced", "0"], ["fixed", "2.0"]]]}
WAIVER = {"package": "pillow", "id": "PYSEC-1", "reason": "r", "date": datetime.date(2026, 1, 1)}


def found(versions: set[str], *waived: dict, packages: dict | None = None) -> list[str]:
    snapshot = {"packages": {"pillow": [OLD]} if packages is None else packages}
    return audit.findings({"pillow": versions}, snapshot, {"waived": list(waived)})


@pytest.mark.parametrize(
    ("version", "affected"),
    [("1.4", False), ("1.5", True), ("1.10", True), ("2.0", False), ("2.0rc1", True),
     ("3.0", True), ("3.4", True), ("3.5", False)],
)  # fmt: skip
def test_ranges_begin_with_introduced_and_end_before_fixed_or_after_last_affected(
    version, affected
):
    ranges = [
        [["introduced", "1.5"], ["fixed", "2.0"]],
        [["introduced", "3.0"], ["last_affected", "3.4"]],
    ]
    assert audit.is_affected(version, {"ranges": ranges}) is affected


def test_single_versions_are_compared_as_versions():
    assert audit.is_affected("1.0", {"versions": ["1.0"]})
    assert not audit.is_affected("1.1", {"versions": ["1.0"]})


def test_a_vulnerable_version_is_named_with_its_ids():
    assert found({"1.0", "2.0"}) == ["pillow 1.0: PYSEC-1, CVE-1"]
    assert found({"2.0"}) == []


def test_a_waived_finding_passes():
    assert found({"1.0"}, WAIVER) == []


@pytest.mark.parametrize("missing", ["reason", "date"])
def test_a_waiver_needs_a_reason_and_a_date(missing):
    [sentence] = found({"1.0"}, {key: WAIVER[key] for key in WAIVER if key != missing})
    assert "a reason and a date" in sentence


def test_a_waiver_without_finding_is_reported():
    [sentence] = found({"2.0"}, WAIVER)
    assert "remove it" in sentence


def test_a_package_that_was_never_looked_up_fails_unless_that_is_waived():
    assert found({"1.0"}, packages={}) == ["pillow: not in the snapshot; run `make audit`"]
    assert found({"1.0"}, {**WAIVER, "id": "not-in-snapshot"}, packages={}) == []


def test_every_requirements_file_is_read(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("Pillow==1.0 ; x < 3 \\\n    --hash=sha256:0==1\n")
    (tmp_path / "requirements" / "svg.txt").write_text("pillow[x]==2.0 \\\n")
    (tmp_path / "tests" / "deep" / "requirements.txt").write_text("a.B_c==3\n")
    assert audit.locked(tmp_path) == {"pillow": {"1.0", "2.0"}, "a-b-c": {"3"}}


def test_an_extract_has_the_facts_of_the_named_packages(tmp_path):
    folder = tmp_path / "vulns" / "pillow"
    folder.mkdir(parents=True)
    document = {
        "id": "PYSEC-1", "aliases": ["CVE-1", "GHSA-1"], "details": "prose",
        "affected": [{
            "package": {"ecosystem": "PyPI", "name": "Pillow"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]},
            ],
        }],
    }  # fmt: skip
    (folder / "PYSEC-1.yaml").write_text(json.dumps(document))
    withdrawn = {**document, "id": "PYSEC-2", "withdrawn": "2024-01-01T00:00:00Z"}
    (folder / "PYSEC-2.yaml").write_text(json.dumps(withdrawn))
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x", "--date=2024-01-02"]):
        names = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *names, *command], check=True)
    snapshot = audit.extract(tmp_path, ["pillow", "falcon"])
    assert snapshot["packages"] == {"falcon": [], "pillow": [OLD]}
    assert len(snapshot["commit"]) == 40
    datetime.date.fromisoformat(snapshot["date"])
