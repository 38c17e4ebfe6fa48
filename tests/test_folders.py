"""The tests of a module are found by its name.

The test of progimage/a/b/c.py is tests/a/b/test_c.py, or tests/a/test_b.py for all of
progimage/a/b.
covered_by.toml names the test of each module that has neither. A module without code in functions,
such as a section of settings, needs none.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "progimage"
# Suites about the whole service, and the tests of bench/ and tools/.
OWN = ("system", "bench", "tools")
MODULES = sorted(
    path.relative_to(PACKAGE)
    for path in PACKAGE.rglob("*.py")
    if path.stem not in ("__init__", "__main__")
)
COVERED_BY = {
    Path(module): TESTS / test
    for module, test in tomllib.loads((TESTS / "covered_by.toml").read_text("utf-8")).items()
}
MOST_COVERED_BY_OTHERS = 148


def has_own_test(module: Path) -> bool:
    folder = TESTS / module.parent
    names = [folder / f"test_{module.stem}.py", folder.parent / f"test_{folder.name}.py"]
    return any(name.is_file() for name in names)


def has_code(module: Path) -> bool:
    """Return whether a function of the module has more than a docstring."""
    functions = [
        node
        for node in ast.walk(ast.parse((PACKAGE / module).read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return any(
        not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for function in functions
        for statement in function.body
    )


def test_every_folder_of_tests_is_one_of_the_package():
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    strange = [
        str(folder)
        for folder in folders
        if not str(folder).startswith(OWN) and not (PACKAGE / folder).is_dir()
    ]
    assert strange == []


def test_every_room_of_the_package_has_tests():
    rooms = {path.parent for path in PACKAGE.glob("*/*.py")}
    assert [room.name for room in rooms if not list((TESTS / room.name).rglob("test_*.py"))] == []


def test_every_module_has_a_test_of_its_name_or_is_listed():
    """A new module gets a test of its name."""
    others = [module for module in MODULES if not (module in COVERED_BY or has_own_test(module))]
    assert [str(module) for module in others if has_code(module)] == []


def test_the_list_has_only_modules_without_a_test_of_their_name():
    assert [str(module) for module in COVERED_BY if module not in MODULES] == []
    assert [str(module) for module in COVERED_BY if has_own_test(module)] == []


def test_listed_tests_exist():
    assert [str(test) for test in COVERED_BY.values() if not test.is_file()] == []


def test_the_list_only_gets_shorter():
    assert len(COVERED_BY) <= MOST_COVERED_BY_OTHERS
