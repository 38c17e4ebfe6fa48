"""Compare every locked package with known vulnerabilities, offline: `make scan`.

The vulnerabilities are in tools/advisories.json, a dated extract of the PyPA advisory database
(https://github.com/pypa/advisory-database, CC-BY-4.0) in the format of OSV
(https://ossf.github.io/osv-schema/): ids and affected versions of the packages that are locked
here, without their texts. `make audit` writes it again from a clone of that database. Findings
that are accepted are in tools/advisories_waived.toml, each with a reason and a date.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "tools" / "advisories.json"
WAIVERS = ROOT / "tools" / "advisories_waived.toml"
SOURCE = "https://github.com/pypa/advisory-database"

_LOCKED = re.compile(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")


def locked(root: Path = ROOT) -> dict[str, set[str]]:
    """Return the versions of each package in the requirements files below `root`."""
    found: dict[str, set[str]] = {}
    patterns = ("requirements*.txt", "requirements/*.txt", "t*/**/requirements.txt")
    for path in (path for pattern in patterns for path in root.glob(pattern)):
        if "node_modules" in path.parts:
            continue
        for name, version in _LOCKED.findall(path.read_text()):
            found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def is_affected(version: str, advisory: Mapping[str, Any]) -> bool:
    """Return True if `advisory` lists `version`, or one of its ranges contains it.

    A range is a list of events in order of their versions. Source: the OSV schema, "Evaluation".
    """
    if version in advisory.get("versions", ()):
        return True
    own = Version(version)
    for events in advisory.get("ranges", ()):
        inside = False
        for kind, limit in events:
            reached = limit == "0" or own >= Version(limit)
            if kind == "introduced" and reached:
                inside = True
            elif (kind == "fixed" and reached) or (
                kind == "last_affected" and own > Version(limit)
            ):
                inside = False
        if inside:
            return True
    return False


def findings(
    packages: Mapping[str, Iterable[str]], snapshot: Mapping[str, Any], waivers: Mapping[str, Any]
) -> list[str]:
    """Return a sentence for each vulnerable version, package without data and bad waiver."""
    known, waived, used, found = snapshot["packages"], waivers.get("waived", []), set(), []
    for entry in waived:
        if not entry.get("reason") or not isinstance(entry.get("date"), datetime.date):
            found.append(f"the waiver of {entry.get('id')} needs a reason and a date")
    accepted = {(entry.get("package"), entry.get("id")) for entry in waived}
    for name, versions in sorted(packages.items()):
        if name not in known:
            if (name, "not-in-snapshot") in accepted:
                used.add((name, "not-in-snapshot"))
            else:
                found.append(f"{name}: not in the snapshot; run `make audit`")
            continue
        for advisory in known[name]:
            affected = sorted(version for version in versions if is_affected(version, advisory))
            if affected and (name, advisory["id"]) in accepted:
                used.add((name, advisory["id"]))
            elif affected:
                ids = ", ".join((advisory["id"], *advisory.get("aliases", ())))
                found.append(f"{name} {', '.join(affected)}: {ids}")
    found += [
        f"the waiver of {key[1]} for {key[0]} has no finding: remove it"
        for key in sorted(accepted - used, key=str)
    ]
    return found


def extract(clone: Path, names: Iterable[str]) -> dict[str, Any]:
    """Return the snapshot of `names` from a clone of the advisory database."""
    show = ["git", "-C", str(clone), "log", "-1", "--format=%H %cs"]
    commit, date = subprocess.run(show, check=True, capture_output=True, text=True).stdout.split()
    packages: dict[str, list[dict[str, Any]]] = {name: [] for name in sorted(names)}
    for path in sorted(clone.glob("vulns/*/*.yaml")):
        if canonicalize_name(path.parent.name) not in packages:
            continue
        document = yaml.safe_load(path.read_text())
        if document.get("withdrawn"):
            continue
        for affected in document["affected"]:
            name = canonicalize_name(affected["package"]["name"])
            if name in packages:
                packages[name].append(_advisory(document, affected))
    return {
        "source": SOURCE, "licence": "CC-BY-4.0", "commit": commit, "date": date,
        "packages": packages,
    }  # fmt: skip


def _advisory(document: Mapping[str, Any], affected: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of one entry of `affected`: its ranges, or its versions if it has none."""
    aliases = sorted(alias for alias in document.get("aliases", ()) if alias.startswith("CVE-"))
    ranges = [
        [list(next(iter(event.items()))) for event in span["events"]]
        for span in affected.get("ranges", ())
        if span["type"] == "ECOSYSTEM"
    ]
    scope = {"ranges": ranges} if ranges else {"versions": affected.get("versions", [])}
    return {"id": document["id"], "aliases": aliases, **scope}


def _write(snapshot: Mapping[str, Any]) -> None:
    """Write one advisory a line, so that a difference is read easily."""
    lines = []
    for name, advisories in snapshot["packages"].items():
        rows = ",\n".join("   " + json.dumps(advisory) for advisory in advisories)
        lines.append(f"  {json.dumps(name)}: [" + (f"\n{rows}\n  ]" if rows else "]"))
    head = json.dumps({**snapshot, "packages": {}}, indent=1).removesuffix("{}\n}")
    SNAPSHOT.write_text(head + "{\n" + ",\n".join(lines) + "\n }\n}\n")


def main(arguments: list[str]) -> int:
    """`refresh CLONE` writes the snapshot; without arguments, compare and return 1 on findings."""
    packages = locked()
    if arguments:
        _write(extract(Path(arguments[1]), packages))
    snapshot = json.loads(SNAPSHOT.read_text())
    found = findings(packages, snapshot, tomllib.loads(WAIVERS.read_text()))
    # Only a sentence for the reader: the result depends on committed files alone.
    today = datetime.datetime.now(datetime.UTC).date()
    age = (today - datetime.date.fromisoformat(snapshot["date"])).days
    advisories = sum(map(len, snapshot["packages"].values()))
    print(
        f"{len(packages)} packages, {advisories} advisories of {snapshot['date']}, {age} days old"
    )
    print("\n".join(found) or "no known vulnerability that is not waived")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
