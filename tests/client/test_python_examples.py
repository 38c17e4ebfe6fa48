"""The examples of the Python client's page do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "python-client.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_there_are_examples():
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(example, url, jpeg, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(jpeg)
    (tmp_path / "notes.txt").write_text("not a picture")
    script = tmp_path / "example.py"
    script.write_text(example.replace("http://127.0.0.1:8000", url))
    command = [sys.executable, script]
    assert subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
