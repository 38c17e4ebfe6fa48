"""Pictures of an origin beside the same pictures in the library."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import servers
from bench.bench import Bench, every
from bench.cases.cached import warm
from bench.photos import Photo
from bench.report import Table, ratio, spread, verdict
from bench.servers import EXTENSIONS, Server

_WIDTHS = (200, 400, 800)
_PICTURES = 12
_FRESH_S = 15
_STALE_REQUESTS = 1_000
_ROWS = ("server", "requests/s, median (least-most)", "CPU ms a request", "the origin is")


def origins(bench: Bench) -> list[Table]:
    """Hits and cold renders of an origin in a folder; a stale picture of a web server."""
    if "progimage" not in bench.wanted:
        return []
    photos = bench.sources.jpegs[:_PICTURES]
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(dir=bench.work)))
        folder = bench.sources.folder.absolute()
        settings = {"PROGIMAGE_ORIGINS": f'{{photos = {{from = "{folder.as_uri()}"}}}}'}
        library = stack.enter_context(servers.progimage(photos, scratch / "store", settings))
        origin = replace(library, name="origin", path=_path_in(folder))
        library = replace(library, name="library")
        paths = {
            server.name: every(server, photos, _WIDTHS, "jpeg") for server in (library, origin)
        }
        for server in (library, origin):
            warm(server, paths[server.name])
        hits = bench.turns((library, origin), lambda server: paths[server.name])
        # A server's own list of sizes that are not cached.
        sizes = {"library": range(100, 901), "origin": range(100, 901)}
        cold = bench.turns(
            (library, origin),
            lambda server: every(server, photos, sizes[server.name], "jpeg"),
            once=True,
        )
    tables = []
    for title, measured, aim in (("hits", hits, 0.9), ("cold renders", cold, 1 / 1.1)):
        times = ratio([r.rps for r in measured["origin"]], [r.rps for r in measured["library"]])
        rows = [
            (
                name,
                spread([run.rps for run in runs]),
                f"{sorted(run.cpu_ms for run in runs)[len(runs) // 2]:.2f}",
                verdict(times, aim) + " x" if name == "origin" else "-",
            )
            for name, runs in measured.items()
        ]
        note = f"{len(photos)} JPEGs, folder store, {bench.connections} connections."
        tables.append(Table(f"Origins: {title}", note, _ROWS, tuple(rows)))
    return [*tables, _stale(bench, photos[0])]


def _path_in(folder: Path):  # type: ignore[no-untyped-def]  # as `Server.path`
    def path(photo: Photo, width: int, form: str) -> str:
        key = photo.path.absolute().relative_to(folder).as_posix()
        return f"/origins/photos/resize:w={width}/quality:80.{EXTENSIONS[form]}/-/{key}"

    return path


def _stale(bench: Bench, photo: Photo) -> Table:
    """Ask a thousand times for a picture that is stale, and count what its origin is asked."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(dir=bench.work)))
        web = _WebServer(photo.data())
        stack.callback(web.close)
        settings = {
            "PROGIMAGE_ORIGINS": f'{{web = {{from = "{web.url}", fresh_s = {_FRESH_S}, '
            "allow_private_addresses = true}}"
        }
        server: Server = stack.enter_context(servers.progimage((), scratch / "store", settings))
        path = "/origins/web/resize:w=300.jpg/-/photo.jpg"
        server.fetch(path)
        first = web.requests
        time.sleep(_FRESH_S + 1)
        with ThreadPoolExecutor(bench.connections) as threads:
            answers = list(threads.map(lambda _: server.fetch(path).status, range(_STALE_REQUESTS)))
        time.sleep(1)
        requested = web.requests - first
    rows = [(f"{_STALE_REQUESTS:,}", str(answers.count(200)), str(requested), str(web.conditional))]
    columns = (
        "requests for a stale picture",
        "answered 200",
        "requests to the origin",
        "of them conditional",
    )
    return Table("Origins: a stale picture", "An origin behind HTTP.", columns, tuple(rows))


class _WebServer:
    """Sends one picture, and counts who asks."""

    def __init__(self, data: bytes) -> None:
        self.requests = self.conditional = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests += 1
                is_known = self.headers.get("If-None-Match") == '"one"'
                server.conditional += is_known
                self.send_response(304 if is_known else 200)
                self.send_header("ETag", '"one"')
                self.send_header("Content-Length", "0" if is_known else str(len(data)))
                self.end_headers()
                if not is_known:
                    self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
