"""Upload files and folders in parallel; continue an interrupted upload."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypedDict

import typer

from progimage.cli.connection import LOCAL_URL, AsJson, CaFile, Token, Url, connected
from progimage.cli.files import LeftOut, find_files
from progimage.cli.manifest import Manifest
from progimage.cli.options import IsPrivate, Tags
from progimage.cli.tally import Tally
from progimage.cli.terminal import CommandError, bar, message
from progimage.client import Client, ClientError, Image, Unauthorized, Unreachable, Uploaded
from progimage.client.records import OnExternal, OnKnown
from progimage.client.sources import Source

app = typer.Typer()

SOME_FAILED = 3

# After so many uploads in a row that did not reach the server, the rest will not either.
_MAX_UNREACHABLE = 20


@app.command(
    epilog="""Examples:

    progimage upload photo.jpg --title "Harbour at dusk" --tag sea --tag boats

    progimage upload ~/Pictures --concurrency 16 --manifest uploaded.jsonl

    progimage upload 'shots/**/*.png' --json

    curl https://example.com/a.jpg | progimage upload - --name a.jpg

Exit codes: 0 all were uploaded, 3 some were not, 1 none was, 2 wrong use, 130 interrupted."""
)
def upload(
    files: Annotated[
        list[str], typer.Argument(help="files, folders, patterns; - for standard input")
    ],
    title: Annotated[str, typer.Option(help="title of each image")] = "",
    description: Annotated[str, typer.Option(help="description of each image")] = "",
    tag: Tags = None,
    is_private: IsPrivate = False,
    name: Annotated[str, typer.Option(help="file name of the image from standard input")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="take files of any suffix from folders and patterns")
    ] = False,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=256, help="parallel uploads")
    ] = 8,
    manifest: Annotated[
        Path | None,
        typer.Option(help="list uploaded files in this file, and skip those that it lists"),
    ] = None,
    on_known: Annotated[
        OnKnown,
        typer.Option(
            help="for images that are already there: keep their fields, merge, or replace them"
        ),
    ] = "keep",
    external_id: Annotated[
        str, typer.Option(help="id of the one image in another system, unique among yours")
    ] = "",
    replaces: Annotated[
        bool, typer.Option("--replace", help="take the external id from the image that has it")
    ] = False,
    as_json: AsJson = False,
    url: Url = LOCAL_URL,
    token: Token = "",
    ca_file: CaFile = "",
) -> None:
    """Upload images: files, folders with everything below them, patterns, or standard input."""
    if "-" in files:
        if files != ["-"]:
            raise CommandError("- cannot be combined with files: standard input is one image")
        files = []
    left_out = LeftOut()
    paths = list(find_files(files, left_out, every=every))
    if summary := left_out.summary():
        message(summary)
    if files and not paths:
        raise CommandError("no image files were found; --all takes files of any suffix")
    _check_external_id(external_id, len(paths), replaces=replaces)
    with ExitStack() as stack:
        client = stack.enter_context(connected(url, token, ca_file, connections=concurrency))
        known = stack.enter_context(Manifest(manifest, url)) if manifest else None
        progress = stack.enter_context(bar())
        task = progress.add_task("uploading", total=len(paths) or 1, note="")
        is_brief = sys.stdout.isatty() and len(paths) > 20
        tally = Tally(as_json, is_brief, progress, task, known)
        fields = Fields(
            title=title,
            description=description,
            tags=tag or (),
            visibility="private" if is_private else None,
            on_known=on_known,
        )
        found = _sources(paths, tally) if files else iter([Path("-")])
        on_external: OnExternal = "replace" if replaces else "conflict"
        upload_one = partial(
            client.upload, name=name or None, external_id=external_id, on_external=on_external
        )
        if external_id or not files:
            results = _one_by_one(partial(upload_one, **fields), found)
        else:
            results = _together(client, found, fields, concurrency)
        # It ends before the client does, also where a loop over it breaks off.
        stack.enter_context(closing(results))
        try:
            for result in results:
                _count(result, tally)
        except KeyboardInterrupt:
            message(f"interrupted: {tally.summary()}")
            if manifest:
                message(f"repeat the command to continue; {manifest} lists what was uploaded")
            raise
        if tally.failed and len(tally.unreachable) == tally.failed:
            raise tally.unreachable[-1]
    for line in tally.summary_lines(is_single=len(paths) == 1):
        message(line)
    if tally.failed:
        raise typer.Exit(SOME_FAILED if tally.created + tally.known + tally.skipped else 1)


class Fields(TypedDict):
    """The fields of every upload."""

    title: str
    description: str
    tags: Sequence[str]
    visibility: Literal["private"] | None
    on_known: OnKnown


def _check_external_id(external_id: str, files: int, *, replaces: bool) -> None:
    if replaces and not external_id:
        raise CommandError("--replace needs --external-id")
    if external_id and files > 1:
        raise CommandError("--external-id belongs to one image; name one file")


def _together(
    client: Client, paths: Iterator[Path], fields: Fields, concurrency: int
) -> Generator[Uploaded]:
    yield from client.upload_many(paths, concurrency=concurrency, **fields)


def _one_by_one(
    upload_one: Callable[[Source], Image], paths: Iterator[Path]
) -> Generator[Uploaded]:
    for path in paths:
        yield _uploaded(upload_one, path)


def _count(result: Uploaded, tally: Tally) -> None:
    path = result.source
    assert isinstance(path, Path)  # noqa: S101 (the sources are paths)
    if result.image is not None:
        tally.add(path, result.image)
        return
    error = result.error
    if isinstance(error, Unauthorized):
        raise error
    if isinstance(error, Unreachable):
        tally.unreachable.append(error)
        if len(tally.unreachable) >= _MAX_UNREACHABLE:
            raise error
    if error is not None:
        tally.fail(path, error)


def _uploaded(upload_one: Callable[[Source], Image], path: Path) -> Uploaded:
    """Upload one file, or standard input if the path is `-`."""
    source = sys.stdin.buffer.read() if path == Path("-") else path
    try:
        return Uploaded(path, upload_one(source))
    except ClientError as error:
        return Uploaded(path, error=error)


def _sources(paths: list[Path], tally: Tally) -> Iterator[Path]:
    """Yield the files to upload; count those that an earlier run uploaded."""
    for path in paths:
        if tally.manifest is not None:
            try:
                # Before it is read, so that a change after this counts as another version.
                stat = path.stat()
            except OSError as error:
                tally.fail(path, error)
                continue
            if tally.manifest.has(path, stat):
                tally.skip(path)
                continue
            tally.stats[path] = stat
        yield path
