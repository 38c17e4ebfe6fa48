"""Bulk work on the server."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from progimage.cli.connection import HERE, AsJson, Token, Url, connected
from progimage.cli.terminal import Complaint, bar, put, put_json, say
from progimage.client import Job, JobCancelled

app = typer.Typer()
jobs = typer.Typer(help="List, show, follow and cancel jobs.", no_args_is_help=True)
app.add_typer(jobs, name="jobs")

JobId = Annotated[str, typer.Argument(help="of a job")]


@app.command(
    epilog="""Examples:

    progimage import-urls urls.txt --tag imported

    grep -o 'https://[^\"]*jpg' page.html | progimage import-urls -"""
)
def import_urls(
    file: Annotated[str, typer.Argument(help="with a URL a line; - for standard input")],
    title: Annotated[str, typer.Option(help="of each of them")] = "",
    description: Annotated[str, typer.Option(help="of each of them")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="for each of them")] = None,
    is_private: Annotated[bool, typer.Option("--private", help="only you may see them")] = False,
    is_followed: Annotated[
        bool, typer.Option("--follow/--no-follow", help="wait until all is done")
    ] = True,
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Have the server fetch pictures. 1 if some could not be fetched."""
    urls = _lines(file)
    if not urls:
        raise Complaint(f"{file}: there is no URL in it")
    with connected(url, token) as client:
        job = client.import_urls(
            urls,
            title=title,
            description=description,
            tags=tag or (),
            visibility="private" if is_private else None,
        )
        say(f"job {job.id}: {job.total} URLs")
        if is_followed:
            _follow(job, as_json=as_json)
        else:
            put(job.id)


@jobs.command("list")
def list_(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 20,
    as_json: AsJson = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List jobs, newest first: id, status, done, failed, all."""
    with connected(url, token) as client:
        for job in islice(client.jobs(), limit):
            _put(job, as_json=as_json)


@jobs.command()
def show(job_id: JobId, as_json: AsJson = False, url: Url = HERE, token: Token = "") -> None:
    """Show a job, and what failed of it."""
    with connected(url, token) as client:
        job = client.job(job_id)
        _put(job, as_json=as_json)
        if job.failed:
            _put_failures(job, as_json=as_json)


@jobs.command()
def follow(job_id: JobId, as_json: AsJson = False, url: Url = HERE, token: Token = "") -> None:
    """Wait until a job is over. 1 if something of it failed."""
    with connected(url, token) as client:
        _follow(client.job(job_id), as_json=as_json)


@jobs.command()
def cancel(job_id: JobId, url: Url = HERE, token: Token = "") -> None:
    """Stop a job; what it has done stays done."""
    with connected(url, token) as client:
        job = client.job(job_id)
        if job.is_over:
            say(f"{job_id} was {job.status} before; there is nothing to stop")
            return
        job.cancel()
    say(f"cancelled {job_id}")


def _follow(job: Job, *, as_json: bool) -> None:
    with bar() as progress:
        task = progress.add_task(job.id[:12], total=job.total, note="")

        def tell(now: Job) -> None:
            failed = f"{now.failed} failed" if now.failed else ""
            progress.update(task, total=now.total, completed=now.complete + now.failed, note=failed)

        try:
            job = job.wait(progress=tell)
        except KeyboardInterrupt:
            say(f"the job goes on; `progimage jobs follow {job.id}` comes back to it")
            raise
        except JobCancelled as error:
            say(str(error), "red")
            raise typer.Exit(1) from None
    _put(job, as_json=as_json)
    if job.failed:
        _put_failures(job, as_json=as_json)
        raise typer.Exit(1)


def _put(job: Job, *, as_json: bool) -> None:
    if as_json:
        known = ("id", "kind", "status", "created", "finished")
        counts = ("total", "pending", "complete", "failed")
        put_json({name: getattr(job, name) for name in known + counts})
    else:
        done = f"{job.complete + job.failed} of {job.total} done"
        put(job.id, job.kind, job.status, done, f"{job.failed} failed", job.created)


def _put_failures(job: Job, *, as_json: bool) -> None:
    for item in job.items("failed"):
        if as_json:
            put_json(item)
        else:
            put("failed:", item.get("url") or item.get("image"), item.get("error"))


def _lines(file: str) -> list[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"{file}: cannot be read: {error}") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
