"""What metadata adds to the cost of an upload."""

from __future__ import annotations

import io
import random
import statistics
import tempfile
import time
from pathlib import Path

from PIL import Image

from bench import processes, servers
from bench.bench import Bench
from bench.libraries import TAGS, VOCABULARY, names
from bench.load import LoadFailed
from bench.report import Table

_UPLOADS = 300
_BOUNDARY = "picture"


def uploads(bench: Bench) -> list[Table]:
    """The same small picture with three tags and a description, and with nothing, in turn."""
    if "progimage" not in bench.wanted:
        return []
    random_ = random.Random(1)
    tags, words = names(TAGS, 2), names(VOCABULARY, 3)
    times: dict[bool, list[float]] = {False: [], True: []}
    used: dict[bool, float] = {False: 0.0, True: 0.0}
    picture = _picture()
    with (
        tempfile.TemporaryDirectory(dir=bench.work) as folder,
        servers.progimage([], Path(folder) / "store") as server,
    ):
        for n in range(10 if bench.smoke else 2 * _UPLOADS):
            said = n % 2 == 1
            fields = {}
            if said:
                fields = {
                    "tags": ",".join(random_.sample(tags, 3)),
                    "description": " ".join(random_.sample(words, 10)),
                }
            body = _form(picture + n.to_bytes(4, "big"), fields)
            kind = f"multipart/form-data; boundary={_BOUNDARY}"
            before, started = processes.cpu_seconds(server.pid), time.perf_counter()
            answer = server.fetch("/images/", "POST", body, **{"Content-Type": kind})
            times[said].append(1000 * (time.perf_counter() - started))
            used[said] += processes.cpu_seconds(server.pid) - before
            if answer.status != 201:
                raise LoadFailed(f"upload: {answer.status} {answer.body[:200]!r}")
    plain, tagged = statistics.median(times[False]), statistics.median(times[True])
    rows = tuple(
        (
            name,
            f"{statistics.median(times[said]):.1f}",
            f"{1000 * used[said] / len(times[said]):.1f}",
        )
        for name, said in (("nothing", False), ("3 tags, a description of 10 words", True))
    )
    ratio = ("ratio", f"{tagged / plain:.2f}", f"{used[True] / used[False]:.2f}")
    note = (
        f"{len(times[True])} new pictures of 64x64 pixels each, one at a time, folder store, over "
        "HTTP: milliseconds to the answer (median), and the server's processor time (mean)."
    )
    columns = ("said of the picture", "ms", "CPU ms")
    return [Table("Uploads with and without metadata", note, columns, (*rows, ratio))]


def _picture() -> bytes:
    file = io.BytesIO()
    noise = random.Random(2).randbytes(3 * 64 * 64)
    Image.frombytes("RGB", (64, 64), noise).save(file, "JPEG")
    return file.getvalue()


def _form(picture: bytes, fields: dict[str, str]) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
        'name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return "".join(parts).encode() + picture + f"\r\n--{_BOUNDARY}--\r\n".encode()
