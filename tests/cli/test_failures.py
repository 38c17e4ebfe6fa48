"""What a command prints when it fails, and its exit code."""

from __future__ import annotations

import pytest

from progimage.cli.failures import report
from progimage.cli.terminal import CommandError
from progimage.client import InvalidCall, Unreachable
from progimage.errors import ConfigError


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (ConfigError("one\ntwo"), 2, ["progimage: one", "two"]),
        (CommandError("no such file: a.jpg"), 2, ["progimage: no such file: a.jpg"]),
        (
            OSError(28, "No space left on device", "/a"),
            1,
            ["progimage: /a: No space left on device"],
        ),
        (InvalidCall("no such size"), 2, ["progimage: no such size"]),
        (Unreachable("no answer"), 1, ["progimage: no answer"]),
        (OSError("broken"), 1, ["progimage: broken"]),
    ],
)
def test_an_error_is_printed_without_a_stack_trace(error, code, lines, capsys):
    assert report(error) == code
    assert capsys.readouterr().err.splitlines() == lines


def test_a_fault_of_the_program_is_raised():
    with pytest.raises(ZeroDivisionError):
        report(ZeroDivisionError())
