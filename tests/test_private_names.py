"""Tests use the public names of the product; each exception is listed with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PRODUCT = ("progimage", "tools", "bench")
# Public in spite of their names: of named tuples, and of the module os.
PUBLIC = {"_replace", "_asdict", "_fields", "_make", "_exit"}

EXCEPTIONS = {
    "client/asynchronous/test_albums.py _session": "another client edits between two requests",
    "imaging/test_emoji.py _font": "the emoji of a text are found without the font as well",
    "imaging/test_emoji.py _is_emoji": "the emoji of a text are found without the font as well",
    "imaging/test_fonts.py _is_emoji": "a cache that holds what the machine's fonts can draw",
    "imaging/test_fonts.py _missing": "no two fonts of the package differ enough",
    "imaging/test_resampling.py _simd": "the same pixels where the library is not installed",
    "jobs/test_runner.py _claims": "threads hold jobs without working on them",
    "library/index/test_shelf_files.py _copied_in_part": "a release that fetched no shelf in part",
    "maintenance/test_reindex.py _is_there": "an index that does not look for itself first",
    "server/test_gunicorn_worker.py _after_answer": "called by threads of gunicorn's worker",
    "server/test_gunicorn_worker.py _end_an_idle_connection": "called between two system calls",
    "system/deploy/test_grafana.py _labelnames": "prometheus_client has no public name for it",
}
MOST = 20


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def own_names(tree: ast.AST) -> set[str]:
    """Return the private names that the objects of a file have."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and _is_own(node.value):
            found.add(node.attr)
    return found


def _is_own(node: ast.expr) -> bool:
    """True for `self`, `cls` and `super()`."""
    if isinstance(node, ast.Call):
        node = node.func
    return isinstance(node, ast.Name) and node.id in ("self", "cls", "super")


def uses(tree: ast.AST) -> Iterator[str]:
    """Yield each private name of another object that a file reads, imports or patches."""
    own = own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _is_own(node.value):
            names = [node.attr]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PRODUCT):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in ("setattr", "delattr"):
                continue
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            names = [text.rpartition(".")[2] for text in texts if isinstance(text, str)]
        else:
            continue
        yield from (name for name in names if is_private(name) and name not in own)


def all_uses() -> list[str]:
    return [
        f"{path.relative_to(TESTS)} {name}"
        for path in sorted(TESTS.rglob("*.py"))
        for name in uses(ast.parse(path.read_text("utf-8")))
    ]


def test_private_names_are_used_only_where_a_reason_is_given():
    assert sorted(set(all_uses()) - EXCEPTIONS.keys()) == []


def test_every_exception_is_needed():
    assert sorted(EXCEPTIONS.keys() - set(all_uses())) == []


def test_there_are_only_a_few():
    assert len(all_uses()) <= MOST


def test_all_ways_to_reach_a_private_name_are_found():
    text = """
from progimage.server import _hidden
class Own:
    def read(self, other):
        return self._mine, other._mine, super()._inherited, other._theirs
patch.setattr(module, "_limit", 1)
patch.setattr("progimage.module._clock", now)
record._replace(name="a")
"""
    assert sorted(uses(ast.parse(text))) == ["_clock", "_hidden", "_limit", "_theirs"]
