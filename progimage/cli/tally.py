"""Counts the results of many uploads, and prints them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress, TaskID

from progimage.cli.manifest import Manifest
from progimage.cli.terminal import message, print_json, print_row
from progimage.client import ClientError, Image, Unreachable


@dataclass
class Tally:
    """Counts and prints the results of the uploads."""

    as_json: bool
    is_brief: bool
    progress: Progress
    task: TaskID
    manifest: Manifest | None = None
    created: int = 0
    known: int = 0
    skipped: int = 0
    failed: int = 0
    not_applied: int = 0
    size_bytes: int = 0
    unreachable: list[Unreachable] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    stats: dict[Path, os.stat_result] = field(default_factory=dict)

    def skip(self, path: Path) -> None:
        """Count a file that an earlier run uploaded."""
        self.skipped += 1
        if self.as_json:
            print_json({"path": str(path), "status": "skipped"})
        self._advance()

    def fail(self, path: Path, error: ClientError | OSError) -> None:
        """Count and print a file that was not uploaded."""
        self.failed += 1
        cause = error if isinstance(error, OSError) else error.__cause__
        reason = cause.strerror if isinstance(cause, OSError) else str(error)
        if self.as_json:
            print_json({"path": str(path), "status": "failed", "error": reason})
        else:
            message(f"{path}: {reason}", "red")
        self.stats.pop(path, None)
        self._advance()

    def add(self, path: Path, image: Image) -> None:
        """Count and print a file that was uploaded."""
        self.created += image.is_new
        self.known += not image.is_new
        self.unreachable.clear()
        self.size_bytes += image.size_bytes
        stat = self.stats.pop(path, None)
        if self.manifest is not None and stat is not None:
            self.manifest.add(path, stat, image.id)
        if self.as_json:
            status = "created" if image.is_new else "existing"
            entry: dict[str, object] = {
                "path": str(path),
                "status": status,
                "id": image.id,
                "url": image.url,
            }
            if image.not_applied:
                entry["not_applied"] = list(image.not_applied)
            print_json(entry)
        elif not self.is_brief:
            print_row(image.id, path)
        self.not_applied += bool(image.not_applied)
        self._advance()

    def summary(self) -> str:
        """Return the counts in one line."""
        took_s = max(time.monotonic() - self.started, 0.001)
        sent = self.created + self.known
        parts = [f"{self.created:,} new", f"{self.known:,} already on the server"]
        if self.skipped:
            parts.append(f"{self.skipped:,} uploaded earlier")
        parts.append(f"{self.failed:,} failed")
        rate = f"{sent / took_s:,.0f} a second, {self.size_bytes / took_s / 1e6:,.1f} MB/s"
        return f"{', '.join(parts)} in {took_s:,.1f} s ({rate})"

    def summary_lines(self, *, is_single: bool) -> Iterator[str]:
        """Yield the lines to print at the end."""
        if not is_single or self.failed:
            yield self.summary()
        if self.not_applied:
            yield (
                f"{self.not_applied:,} already there, with other fields than yours; "
                "--on-known merge or replace applies these"
            )

    def _advance(self) -> None:
        if self.progress.disable:
            return
        took_s = max(time.monotonic() - self.started, 0.001)
        note = f"{(self.created + self.known) / took_s:,.0f}/s"
        if self.failed:
            note += f", {self.failed:,} failed"
        self.progress.update(self.task, advance=1, note=note)
