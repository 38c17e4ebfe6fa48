"""The lists of packages have what pyproject.toml asks for, with the hash of every file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
SERVER = [*EXTRAS["server"], *GROUPS["build"]]
LISTS = {
    "requirements.txt": SERVER,
    "requirements-dev.txt": [*SERVER, *GROUPS["dev"], *GROUPS["site"]],
    **{f"requirements/{name}.txt": pins for name, pins in EXTRAS.items() if name != "server"},
}


def version(pin: str) -> tuple[str, str]:
    """Return the name of a pinned package, as PyPI spells it, and its version."""
    name, _, rest = pin.partition("==")
    found = re.match(r"[\w.]+", rest)
    assert found, pin
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower(), found[0]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_the_versions_of_the_project(path):
    text = (ROOT / path).read_text("utf-8")
    locked = {version(pin) for pin in re.findall(r"^[\w.\-\[\]]+==\S+", text, re.MULTILINE)}
    assert {version(pin) for pin in LISTS[path]} <= locked, "run `make lock`"


@pytest.mark.parametrize("path", LISTS)
def test_every_package_of_a_list_has_hashes(path):
    text = (ROOT / path).read_text("utf-8")
    pins = re.split(r"^(?=[\w.\-\[\]]+==)", text, flags=re.MULTILINE)[1:]
    assert pins
    for pin in pins:
        assert "--hash=sha256:" in pin, pin[:80]
