"""What metadata adds to the cost of an upload."""

from __future__ import annotations

import io
import random
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from PIL import Image

from bench import processes, servers
from bench.bench import Bench
from bench.libraries import TAGS, VOCABULARY, names
from bench.load import LoadFailed
from bench.report import Table, verdict

_UPLOADS = 300
# Working copies are stored behind the answer.
_SETTLING_S = 2.0
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
            described = n % 2 == 1
            fields = {}
            if described:
                fields = {
                    "tags": ",".join(random_.sample(tags, 3)),
                    "description": " ".join(random_.sample(words, 10)),
                }
            body = _form(picture + n.to_bytes(4, "big"), fields)
            kind = f"multipart/form-data; boundary={_BOUNDARY}"
            before, started = processes.cpu_seconds(server.pid), time.perf_counter()
            answer = server.fetch("/images/", "POST", body, **{"Content-Type": kind})
            times[described].append(1000 * (time.perf_counter() - started))
            used[described] += processes.cpu_seconds(server.pid) - before
            if answer.status != 201:
                raise LoadFailed(f"upload: {answer.status} {answer.body[:200]!r}")
    plain, tagged = statistics.median(times[False]), statistics.median(times[True])
    rows = tuple(
        (
            name,
            f"{statistics.median(times[described]):.1f}",
            f"{1000 * used[described] / len(times[described]):.1f}",
        )
        for name, described in (("nothing", False), ("3 tags, a description of 10 words", True))
    )
    ratio = ("ratio", f"{tagged / plain:.2f}", f"{used[True] / used[False]:.2f}")
    note = (
        f"{len(times[True])} new pictures of 64x64 pixels each, one at a time, folder store, over "
        "HTTP: milliseconds to the answer (median), and the server's processor time (mean)."
    )
    columns = ("metadata", "ms", "CPU ms")
    return [Table("Uploads with and without metadata", note, columns, (*rows, ratio))]


def photographs(bench: Bench) -> list[Table]:
    """Photographs of 12 megapixels, with working copies and without, in turn."""
    if "progimage" not in bench.wanted:
        return []
    large = max(bench.sources.jpegs, key=lambda photo: photo.megapixels)
    photos = [photo for photo in bench.sources.jpegs if photo.megapixels == large.megapixels]
    used: dict[int, float] = {}
    taken: dict[int, list[float]] = {}
    for px in (0, 2048):
        settings = {"PROGIMAGE_RENDER_WORKING_COPY_PX": str(px)}
        with (
            tempfile.TemporaryDirectory(dir=bench.work) as folder,
            servers.progimage(photos[:2], Path(folder) / "store", settings) as server,
        ):
            before, taken[px] = processes.cpu_seconds(server.pid), []
            for n in range(1, 3):
                for photo in photos:
                    started = time.perf_counter()
                    answer = server.fetch(
                        "/images/",
                        "POST",
                        replace(photo, copy=n).data(),
                        **{"Content-Type": photo.media_type},
                    )
                    taken[px].append(1000 * (time.perf_counter() - started))
                    if answer.status != 201:
                        raise LoadFailed(f"upload: {answer.status} {answer.body[:200]!r}")
            time.sleep(_SETTLING_S)
            used[px] = 1000 * (processes.cpu_seconds(server.pid) - before) / len(taken[px])
    rows = tuple(
        (name, f"{statistics.median(taken[px]):.0f}", f"{used[px]:.0f}")
        for name, px in (("without", 0), ("with", 2048))
    )
    ratio = (
        "ratio",
        f"{statistics.median(taken[2048]) / statistics.median(taken[0]):.2f}",
        verdict(used[2048] / used[0], 1.6, at_most=True),
    )
    note = (
        f"{len(taken[0])} new JPEGs of {large.width}x{large.height}, one at a time, folder store, "
        "over HTTP: milliseconds to the answer (median), and the server's processor time (mean), "
        "with what it does behind the answer."
    )
    columns = ("working copies", "ms", "CPU ms")
    return [Table("Uploads of photographs", note, columns, (*rows, ratio))]


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
