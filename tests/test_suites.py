"""Every suite is run by `make test`, or by a target of its own that CI calls."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CI = (ROOT / ".ci" / "run").read_text()
SUITES = sorted(path.parent.name for path in (ROOT / "tests" / "system").glob("*/__init__.py"))


@pytest.fixture(scope="module")
def settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]


def test_make_test_collects_one_tree(settings):
    """Of paths inside each other pytest takes the outer one only, with its exceptions."""
    assert settings["testpaths"] == ["tests"]


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_outside_of_make_test_has_its_own_target(suite, settings):
    folder = f"tests/system/{suite}"
    if folder not in settings["norecursedirs"]:
        return
    makefile = (ROOT / "Makefile").read_text()
    variables = dict(re.findall(r"(?m)^(\w+) :?= ((?:.*\\\n)*.*)$", makefile))
    makefile = re.sub(r"\$\((\w+)\)", lambda name: variables.get(name[1], name[0]), makefile)
    targets = re.findall(rf"(?m)^([a-z0-9-]+):.*(?:\n\t.*)*\n\t.*{folder}\b", makefile)
    assert targets, f"no target runs {folder}"
    called = re.findall(r"(?m)^(?:retry )?(?:env .*)?make ([a-z-]+)", CI)
    assert set(targets) & set(called), f"CI calls none of {targets}"


def test_no_suite_is_excluded_that_does_not_exist(settings):
    excluded = {Path(entry).name for entry in settings["norecursedirs"] if "/" in entry}
    assert excluded <= set(SUITES)
