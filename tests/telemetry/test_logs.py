"""The lines of the log."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from progimage.config import Log
from progimage.telemetry import logs


def formatted(record: logging.LogRecord) -> dict[str, object]:
    line: dict[str, object] = json.loads(logs.formatter(Log(format="json")).format(record))
    return line


def test_lines_of_libraries_are_json_with_level_and_time() -> None:
    line = formatted(logging.LogRecord("x", logging.WARNING, "", 1, "slow %s", ("disk",), None))
    assert (line["event"], line["level"]) == ("slow disk", "warning")
    assert str(line["timestamp"]).endswith("Z")


def test_a_stack_trace_has_no_values_of_variables() -> None:
    password = "hunter2"
    try:
        raise ValueError(len(password))
    except ValueError:
        line = formatted(logging.LogRecord("x", logging.ERROR, "", 1, "bad", (), sys.exc_info()))
    assert "ValueError" in json.dumps(line)
    assert "hunter2" not in json.dumps(line)


@pytest.mark.parametrize(
    ("format_", "is_terminal", "is_json"),
    [("json", True, True), ("console", False, False), ("auto", False, True), ("auto", True, False)],
)
def test_a_terminal_gets_text_and_all_else_json(
    format_, is_terminal, is_json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    record = logging.LogRecord("x", logging.INFO, "", 1, "began", (), None)
    line = logs.formatter(Log(format=format_)).format(record)
    assert line.startswith("{") == is_json
    assert "began" in line
