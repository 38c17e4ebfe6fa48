"""Jobs of the server."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from progimage.cli.connection import AsJson, uses_server
from progimage.cli.options import IsPrivate, Tags
from progimage.cli.terminal import CommandError, Table, bar, message, print_json, print_row
from progimage.client import Client, Job, JobCancelled

app = typer.Typer()
jobs = typer.Typer(help="List, show, follow and cancel jobs.", no_args_is_help=True)
app.add_typer(jobs, name="jobs")

_FACTS = (
    *("id", "kind", "status", "created", "finished"),
    *("total", "pending", "complete", "failed"),
)

JobId = Annotated[str, typer.Argument(help="id of a job")]


@app.command(
    epilog="""Examples:

    progimage import-urls urls.txt --tag imported

    grep -o 'https://[^\"]*jpg' page.html | progimage import-urls -"""
)
@uses_server
def import_urls(
    client: Client,
    file: Annotated[str, typer.Argument(help="a file with one URL per line; - for standard input")],
    title: Annotated[str, typer.Option(help="title of each image")] = "",
    description: Annotated[str, typer.Option(help="description of each image")] = "",
    tag: Tags = None,
    is_private: IsPrivate = False,
    is_followed: Annotated[
        bool, typer.Option("--follow/--no-follow", help="wait until the job is complete")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Let the server fetch images from URLs. Exit code 1 if some could not be fetched."""
    urls = _lines(file)
    if not urls:
        raise CommandError(f"{file}: there is no URL in it")
    job = client.import_urls(
        urls,
        title=title,
        description=description,
        tags=tag or (),
        visibility="private" if is_private else None,
    )
    message(f"job {job.id}: {job.total} URLs")
    if is_followed:
        _follow(job, as_json=as_json)
    else:
        print_row(job.id)


@jobs.command("list")
@uses_server
def list_(
    client: Client,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first: id, kind, status, done, failed, created."""
    table = _table(as_json)
    for job in islice(client.jobs(), limit):
        _print(job, table)


@jobs.command()
@uses_server
def show(client: Client, job_id: JobId, as_json: AsJson = False) -> None:
    """Show a job, and the items that failed."""
    job = client.job(job_id)
    _print(job, _table(as_json))
    if job.failed:
        _print_failures(job, as_json=as_json)


@jobs.command()
@uses_server
def follow(client: Client, job_id: JobId, as_json: AsJson = False) -> None:
    """Wait until a job has ended. Exit code 1 if some of its items failed."""
    _follow(client.job(job_id), as_json=as_json)


@jobs.command()
@uses_server
def cancel(client: Client, job_id: JobId) -> None:
    """Stop a job; items that are done stay done."""
    job = client.job(job_id)
    if job.is_over:
        message(f"{job_id} is already {job.status}; there is nothing to stop")
        return
    job.cancel()
    message(f"cancelled {job_id}")


def _follow(job: Job, *, as_json: bool) -> None:
    with bar() as progress:
        task = progress.add_task(job.id[:12], total=job.total, note="")

        def show_progress(now: Job) -> None:
            failed = f"{now.failed} failed" if now.failed else ""
            progress.update(task, total=now.total, completed=now.complete + now.failed, note=failed)

        try:
            job = job.wait(progress=show_progress)
        except KeyboardInterrupt:
            message(f"the job continues on the server; `progimage jobs follow {job.id}` shows it")
            raise
        except JobCancelled as error:
            message(str(error), "red")
            raise typer.Exit(1) from None
    _print(job, _table(as_json))
    if job.failed:
        _print_failures(job, as_json=as_json)
        raise typer.Exit(1)


def _table(as_json: bool) -> Table:
    return Table(32, 6, 11, 0, 0, 20, as_json=as_json)


def _print(job: Job, table: Table) -> None:
    facts = {name: getattr(job, name) for name in _FACTS}
    done = f"{job.complete + job.failed} of {job.total} done"
    failed = f"{job.failed} failed"
    table.show(facts, job.id, job.kind, job.status, done, failed, job.created[:19])


def _print_failures(job: Job, *, as_json: bool) -> None:
    for item in job.items("failed"):
        if as_json:
            print_json(item)
        else:
            print_row("failed:", item.get("url") or item.get("image"), item.get("error"))


def _lines(file: str) -> list[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: cannot be read: {error}") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
