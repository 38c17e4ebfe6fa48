"""The blocking client is generated from the asynchronous one."""

from __future__ import annotations

from tools.client import CLIENT, TYPESCRIPT, blocking, operations, typescript


def test_the_generated_files_are_up_to_date():
    assert (CLIENT / "operations.py").read_text("utf-8") == operations(), "run `make client`"
    assert TYPESCRIPT.read_text("utf-8") == typescript(), "run `make client`"
    written = {path.name: path.read_text("utf-8") for path in CLIENT.glob("blocking/*.py")}
    del written["__init__.py"]
    assert written == blocking(), "run `make client`"
