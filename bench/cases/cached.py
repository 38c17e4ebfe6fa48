"""Renditions that were made before, served again."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import load, servers
from bench.bench import Bench, Turn, every
from bench.report import Table, ratio, spread, verdict
from bench.servers import Server

_WIDTHS = (200, 400, 800)
_PICTURES = 12
_COLUMNS = ("server", "requests/s, median (least-most)", "p50 ms", "p99 ms", "progimage is")
# Only root may choose a user; by default its nginx drops rights and could not read the files.
_USER = pwd.getpwuid(os.geteuid()).pw_name
_HEAD = f"user {_USER};\nworker_processes 2;\npid nginx.pid;\nerror_log stderr error;\n"
# Also only root may write where the package keeps these.
_TEMPORARY = "".join(
    f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)
_SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"


def cached(bench: Bench) -> list[Table]:
    """Through gunicorn, beside thumbor with its result storage; two processes each."""
    photos = bench.sources.jpegs[:_PICTURES]
    with bench.contestants(photos, results=True) as running:
        paths = {server.name: every(server, photos, _WIDTHS, "jpeg") for server in running}
        for server in running:
            warm(server, paths[server.name])
        measured = bench.turns(running, lambda server: paths[server.name])
    rows = []
    for name, runs in measured.items():
        compared = "-"
        if name != "progimage" and "progimage" in measured:
            times = ratio([r.rps for r in measured["progimage"]], [r.rps for r in runs])
            compared = verdict(times, 1.5) + " x"
        rows.append((name, *_numbers(runs), compared))
    note = (
        f"{len(photos) * len(_WIDTHS)} renditions asked for again and again over "
        f"{bench.connections} connections; folder store and result storage on the same disk, "
        "two processes each."
    )
    return [Table("Cached renditions", note, _COLUMNS, tuple(rows))]


def cached_nginx(bench: Bench) -> list[Table]:
    """Through the shipped nginx.conf, beside nginx that serves the same bytes as files."""
    if "nginx" in bench.missing or "progimage" not in bench.wanted:
        return []
    photos = bench.sources.jpegs[:_PICTURES]
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bench.work))).absolute()
        store, files = scratch / "store", scratch / "files"
        files.mkdir()
        app = stack.enter_context(servers.progimage(photos, store))
        paths = every(app, photos, _WIDTHS, "jpeg")
        canonical = [_canonical(app, path) for path in paths]
        for number, path in enumerate(canonical):
            (files / f"{number}.jpg").write_bytes(app.fetch(path).body)
        through = stack.enter_context(
            servers.nginx(
                "progimage behind nginx", lambda port: shipped_conf(port, store, app.host)
            )
        )
        plain = stack.enter_context(
            servers.nginx("nginx, plain files", lambda port: _plain_conf(port, files))
        )
        lists = {through.name: canonical, plain.name: [f"/{n}.jpg" for n in range(len(canonical))]}
        for server in (through, plain):
            warm(server, lists[server.name])
        if "x-request-id" in through.fetch(canonical[0]).headers:
            raise load.LoadFailed("progimage behind nginx: a cached rendition came from Python")
        measured = bench.turns((through, plain), lambda server: lists[server.name])
    times = ratio([r.rps for r in measured[through.name]], [r.rps for r in measured[plain.name]])
    rows = [(through.name, *_numbers(measured[through.name]), verdict(times, 0.9) + " x")]
    rows.append((plain.name, *_numbers(measured[plain.name]), "-"))
    note = (
        f"The same {len(canonical)} renditions, {bench.connections} connections, keep-alive; "
        "two nginx workers each; the plain server has sendfile and nothing else to do."
    )
    return [Table("Cached renditions through nginx", note, _COLUMNS, tuple(rows))]


def warm(server: Server, paths: list[str]) -> None:
    """Ask for each path twice: the second answer must come whole and from the cache."""
    for path in paths:
        for _ in range(2):
            answer = server.fetch(path)
            if answer.status != 200 or not answer.body:
                raise load.LoadFailed(f"{server.name}: {path}: {answer.status}, expected 200")


def shipped_conf(port: int, store: Path, upstream: str) -> str:
    """Return deploy/nginx.conf with its addresses, folder and files of its own replaced by ours."""
    text = re.sub(
        r"^\s*(user|pid|error_log|worker_processes)\s[^;]*;", "", _SHIPPED.read_text(), flags=re.M
    )
    text = re.sub(r"\baccess_log\s+[^;]+;", "access_log off;", text)
    text = re.sub(r"\blisten\s+[^;]+;", f"listen 127.0.0.1:{port};", text)
    text = re.sub(r"\bserver\s+[\w.:]+(\s+[^;{]*)?;", f"server {upstream};", text)
    text = re.sub(r"^http \{", f"http {{ {_TEMPORARY}", text, flags=re.MULTILINE)
    return _HEAD + re.sub(r"\broot\s+[^;]+;", f"root {store};", text)


def _plain_conf(port: int, files: Path) -> str:
    return f"""{_HEAD}
events {{ worker_connections 1024; }}
http {{
    {_TEMPORARY}
    access_log off;
    sendfile on;
    tcp_nopush on;
    types {{ image/jpeg jpg; }}
    server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
"""


def _canonical(server: Server, path: str) -> str:
    """Return the path of the rendition's canonical URL, as its Link header names it."""
    for value in server.fetch(path).headers.get("link", "").split(","):
        found = re.match(r'\s*<([^>]+)>;.*rel="?canonical', value)
        if found:
            return re.sub(r"^https?://[^/]+", "", found[1])
    raise load.LoadFailed(f"progimage: {path} has no Link with rel=canonical")


def _numbers(runs: list[Turn]) -> tuple[str, str, str]:
    return (
        spread([run.rps for run in runs], 0),
        spread([run.load.p50_ms for run in runs], 2),
        spread([run.load.p99_ms for run in runs], 2),
    )
