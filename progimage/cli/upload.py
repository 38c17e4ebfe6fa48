"""Upload files and folders, some at a time; go on where an interrupted run stopped."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypedDict

import typer
from rich.progress import Progress, TaskID

from progimage.cli.connection import HERE, AsJson, Token, Url, connected
from progimage.cli.files import pick
from progimage.cli.manifest import Manifest
from progimage.cli.terminal import Complaint, bar, put, put_json, say
from progimage.client import Client, ClientError, Image, Unauthorized, Unreachable, Uploaded

app = typer.Typer()

SOME_FAILED = 3

# A server that so many uploads in a row could not reach will not take the rest either.
_MAX_UNREACHABLE = 20


@dataclass
class Tally:
    """What has become of the files so far; `results` say it one by one."""

    as_json: bool
    is_brief: bool
    progress: Progress
    task: TaskID
    manifest: Manifest | None = None
    created: int = 0
    known: int = 0
    skipped: int = 0
    failed: int = 0
    size_bytes: int = 0
    unreachable: int = 0
    started: float = field(default_factory=time.monotonic)
    facts: dict[Path, os.stat_result] = field(default_factory=dict)

    def skip(self, path: Path) -> None:
        """Note a file that was uploaded by an earlier run."""
        self.skipped += 1
        if self.as_json:
            put_json({"path": str(path), "status": "skipped"})
        self._advance()

    def fail(self, path: Path, error: ClientError | OSError) -> None:
        """Note a file that was not kept."""
        self.failed += 1
        cause = error if isinstance(error, OSError) else error.__cause__
        reason = cause.strerror if isinstance(cause, OSError) else str(error)
        if self.as_json:
            put_json({"path": str(path), "status": "failed", "error": reason})
        else:
            say(f"{path}: {reason}", "red")
        self.facts.pop(path, None)
        self._advance()

    def keep(self, path: Path, image: Image) -> None:
        """Note a file that is a picture now."""
        self.created += image.is_new
        self.known += not image.is_new
        self.unreachable = 0
        self.size_bytes += image.size_bytes
        facts = self.facts.pop(path, None)
        if self.manifest is not None and facts is not None:
            self.manifest.add(path, facts, image.id)
        if self.as_json:
            status = "created" if image.is_new else "existing"
            put_json({"path": str(path), "status": status, "id": image.id, "url": image.url})
        elif not self.is_brief:
            put(image.id, path)
        self._advance()

    def summary(self) -> str:
        """Return the end of the story in one line."""
        took_s = max(time.monotonic() - self.started, 0.001)
        sent = self.created + self.known
        parts = [f"{self.created:,} new", f"{self.known:,} known to the server"]
        if self.skipped:
            parts.append(f"{self.skipped:,} uploaded before")
        parts.append(f"{self.failed:,} failed")
        rate = f"{sent / took_s:,.0f} a second, {self.size_bytes / took_s / 1e6:,.1f} MB/s"
        return f"{', '.join(parts)} in {took_s:,.1f} s ({rate})"

    def _advance(self) -> None:
        if self.progress.disable:
            return
        took_s = max(time.monotonic() - self.started, 0.001)
        note = f"{(self.created + self.known) / took_s:,.0f}/s"
        if self.failed:
            note += f", {self.failed:,} failed"
        self.progress.update(self.task, advance=1, note=note)


@app.command(
    epilog="""Examples:

    progimage upload photo.jpg --title "Harbour at dusk" --tag sea --tag boats

    progimage upload ~/Pictures --concurrency 16 --manifest uploaded.jsonl

    progimage upload 'shots/**/*.png' --json

    curl https://example.com/a.jpg | progimage upload - --name a.jpg

Exit codes: 0 all are kept, 3 some are not, 1 none is, 2 wrong use, 130 interrupted."""
)
def upload(
    files: Annotated[
        list[str], typer.Argument(help="files, folders, patterns; - for standard input")
    ],
    title: Annotated[str, typer.Option(help="of each of them")] = "",
    description: Annotated[str, typer.Option(help="of each of them")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="for each of them")] = None,
    is_private: Annotated[bool, typer.Option("--private", help="only you may see them")] = False,
    name: Annotated[str, typer.Option(help="file name of what comes from standard input")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="of folders and patterns also files of other suffixes")
    ] = False,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=256, help="uploads at a time")
    ] = 8,
    manifest: Annotated[
        Path | None,
        typer.Option(help="note here what is uploaded, and leave out what is noted"),
    ] = None,
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Upload pictures: files, folders with all below them, patterns, or standard input."""
    if "-" in files:
        if files != ["-"]:
            raise Complaint("- stands alone: standard input is one picture")
        files = []
    paths = list(pick(files, every=every))
    if files and not paths:
        raise Complaint("there is no picture in there; --all takes files of any suffix")
    with ExitStack() as stack:
        client = stack.enter_context(connected(url, token, concurrency))
        noted = stack.enter_context(Manifest(manifest, url)) if manifest else None
        progress = stack.enter_context(bar())
        task = progress.add_task("uploading", total=len(paths) or 1, note="")
        is_brief = sys.stdout.isatty() and len(paths) > 20
        tally = Tally(as_json, is_brief, progress, task, noted)
        said = Said(
            title=title,
            description=description,
            tags=tag or (),
            visibility="private" if is_private else None,
        )
        if files:
            results = client.upload_many(_sources(paths, tally), concurrency=concurrency, **said)
        else:
            results = iter([_standard_input(client, name, said)])
        try:
            for result in results:
                _note(result, tally)
        except KeyboardInterrupt:
            say(f"interrupted: {tally.summary()}")
            if manifest:
                say(f"the same command goes on where {manifest} ends")
            raise
    if len(paths) != 1 or tally.failed:
        say(tally.summary())
    if tally.failed:
        raise typer.Exit(SOME_FAILED if tally.created + tally.known + tally.skipped else 1)


class Said(TypedDict):
    """What is said of every picture."""

    title: str
    description: str
    tags: Sequence[str]
    visibility: Literal["private"] | None


def _note(result: Uploaded, tally: Tally) -> None:
    path = result.source
    assert isinstance(path, Path)  # noqa: S101 (what went in comes out)
    if result.image is not None:
        tally.keep(path, result.image)
        return
    error = result.error
    if isinstance(error, Unauthorized):
        raise error
    if isinstance(error, Unreachable):
        tally.unreachable += 1
        if tally.unreachable >= _MAX_UNREACHABLE:
            raise error
    if error is not None:
        tally.fail(path, error)


def _standard_input(client: Client, name: str, said: Said) -> Uploaded:
    data, path = sys.stdin.buffer.read(), Path("-")
    try:
        return Uploaded(path, client.upload(data, name=name, **said))
    except ClientError as error:
        return Uploaded(path, error=error)


def _sources(paths: list[Path], tally: Tally) -> Iterator[Path]:
    """Yield what is still to be sent; what came before is noted on the way."""
    for path in paths:
        if tally.manifest is not None:
            try:
                # Before it is read: a change in between makes it another version.
                facts = path.stat()
            except OSError as error:
                tally.fail(path, error)
                continue
            if tally.manifest.has(path, facts):
                tally.skip(path)
                continue
            tally.facts[path] = facts
        yield path
