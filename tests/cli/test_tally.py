"""Results of uploads, counted."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.progress import Progress

from progimage.cli.tally import Tally
from progimage.client import ClientError

PATH = Path("a.png")


def tally(*, as_json: bool = False) -> Tally:
    progress = Progress(console=Console(file=io.StringIO()), disable=True)
    return Tally(as_json=as_json, is_brief=True, progress=progress, task=progress.add_task(""))


def image(*, is_new: bool = True, not_applied: tuple[str, ...] = ()) -> SimpleNamespace:
    return SimpleNamespace(
        id="ab", url="/images/ab/", is_new=is_new, not_applied=not_applied, size_bytes=10
    )


def test_every_result_is_counted():
    counts = tally()
    counts.add(PATH, image())
    counts.add(PATH, image(is_new=False))
    counts.skip(PATH)
    counts.fail(PATH, ClientError("no"))
    text = counts.summary()
    assert text.startswith("1 new, 1 already on the server, 1 uploaded earlier, 1 failed in ")


def test_one_file_needs_no_summary_unless_it_failed():
    counts = tally()
    counts.add(PATH, image())
    assert list(counts.summary_lines(is_single=True)) == []
    counts.fail(PATH, ClientError("no"))
    assert len(list(counts.summary_lines(is_single=True))) == 1


def test_fields_that_were_not_applied_are_mentioned():
    counts = tally()
    counts.add(PATH, image(is_new=False, not_applied=("title",)))
    assert "--on-known" in list(counts.summary_lines(is_single=False))[-1]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ClientError("too large"), "too large"),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
)
def test_a_failure_has_its_reason(error, reason, capsys):
    tally(as_json=True).fail(PATH, error)
    assert f'"error": "{reason}"' in capsys.readouterr().out
