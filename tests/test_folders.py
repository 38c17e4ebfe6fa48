"""The tests of a folder of the package are in the folder of the same name."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "progimage"
# Suites about the whole service, and the tests of bench/ and tools/.
OWN = ("system", "bench", "tools")


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
