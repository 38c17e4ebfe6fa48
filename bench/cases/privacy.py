"""Whether time tells a private picture from one that is not there."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from bench import servers
from bench.bench import Bench
from bench.report import Table
from bench.servers import Server

_REQUESTS = (
    ("GET", "/images/{}/"),
    ("GET", "/images/{}/thumbnail.webp"),
    ("GET", "/images/{}/metadata/"),
    ("GET", "/images/{}/srcset/?widths=10"),
    ("GET", "/iiif/3/{}/info.json"),
    ("DELETE", "/images/{}/"),
    ("PATCH", "/images/{}/metadata/"),
)
_PICTURES = 20
_PAIRS = 2_000
_ACCOUNT = {"username": "ann", "password": "correct horse battery"}
_OTHER = {**_ACCOUNT, "username": "ben"}
_SETTINGS = {
    "PROGIMAGE_AUTH_MODE": "optional",
    "PROGIMAGE_AUTH_SECRET": "x" * 32,
    "PROGIMAGE_AUTH_REGISTRATION": "open",
    "PROGIMAGE_SERVER_WORKERS": "1",
}


def privacy(bench: Bench) -> list[Table]:
    """Answers about private and about missing pictures in turn, anonymous and as an account."""
    rows = []
    with (
        TemporaryDirectory(dir=bench.work) as folder,
        servers.progimage((), Path(folder), _SETTINGS) as server,
    ):
        hidden = _private_pictures(server, _signed_in(server, _ACCOUNT))
        absent = [hashlib.sha256(name.encode()).hexdigest() for name in hidden]
        viewers = {"anonymous": {}, "another account": _signed_in(server, _OTHER)}
        for viewer, headers in viewers.items():
            for method, path in _REQUESTS:
                first, second = _times(
                    server.host,
                    method,
                    path,
                    (hidden, absent),
                    headers,
                    50 if bench.smoke else _PAIRS,
                )
                rows.append((f"{method} {path.format('<id>')}", viewer, *_compared(first, second)))
    note = (
        f"{_PAIRS:,} pairs of requests on one connection, private and missing in turn, the first "
        f"of a pair alternating; {_PICTURES} ids of each. Every answer is the same 404. Medians "
        "in microseconds; the difference is the median of the pairs' differences with its 95 % "
        "interval (by order statistics)."
    )
    columns = ("request", "viewer", "private", "missing", "difference")
    return [Table("Private and missing pictures", note, columns, tuple(rows))]


def _signed_in(server: Server, account: dict[str, str]) -> dict[str, str]:
    """Register an account; return the headers of its requests."""
    server.post_json("/users/", account)
    return {"Authorization": f"Bearer {server.post_json('/tokens/', account)['access_token']}"}


def _private_pictures(server: Server, headers: dict[str, str]) -> list[str]:
    ids = []
    for number in range(_PICTURES):
        file = io.BytesIO()
        Image.new("RGB", (60, 40), (number, 0, 0)).save(file, "PNG")
        path = "/images/?visibility=private"
        answer = server.fetch(
            path, "POST", file.getvalue(), **headers, **{"Content-Type": "image/png"}
        )
        ids.append(json.loads(answer.body)["id"])
    return ids


def _times(
    address: str,
    method: str,
    path: str,
    ids: tuple[list[str], list[str]],
    headers: dict[str, str],
    pairs: int,
) -> tuple[list[float], list[float]]:
    """Return the seconds of each answer, for the ids of both lists in turn."""
    connection = http.client.HTTPConnection(address, timeout=60)
    taken: tuple[list[float], list[float]] = ([], [])
    body = b"{}" if method == "PATCH" else None
    sent = {**headers, "Content-Type": "application/merge-patch+json", "If-Match": "*"}
    for pair in range(pairs):
        for which in (0, 1) if pair % 2 else (1, 0):
            target = path.format(ids[which][pair // 2 % len(ids[which])])
            started = time.perf_counter()
            connection.request(method, target, body, sent)
            answer = connection.getresponse()
            answer.read()
            taken[which].append(time.perf_counter() - started)
            if answer.status != 404:
                raise servers.StartFailed(f"{method} {target}: {answer.status} is not 404")
    connection.close()
    return taken


def _compared(first: list[float], second: list[float]) -> tuple[str, str, str]:
    differences = sorted(a - b for a, b in zip(first, second, strict=True))
    count = len(differences)
    # The 95 % interval of a median: order statistics of the binomial distribution.
    reach = round(0.98 * count**0.5)
    low, high = differences[count // 2 - reach], differences[count // 2 + reach]
    hidden, absent = (f"{1e6 * statistics.median(times):.0f}" for times in (first, second))
    middle = 1e6 * statistics.median(differences)
    return hidden, absent, f"{middle:+.1f} ({1e6 * low:+.1f} to {1e6 * high:+.1f})"
