"""Many small pictures from files: `progimage upload` beside wrk, which only posts."""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from bench import load, servers
from bench.bench import Bench
from bench.load import LoadFailed
from bench.report import Table, ratio, spread, verdict
from bench.servers import Server

# The first answers of a server that has just started take a moment.
_LEAST_S = 5


def bulk(bench: Bench) -> list[Table]:
    """Each takes its turn with an empty store, over as many connections."""
    if "progimage" not in bench.wanted:
        return []
    count = 50 if bench.smoke else bench.files
    rates: dict[str, list[float]] = {"wrk": [], "progimage upload": []}
    used: list[float] = []
    with tempfile.TemporaryDirectory(dir=bench.work) as folder:
        files = _files(Path(folder) / "pictures", count)
        for turn in range(bench.rounds):
            for name, measured in rates.items():
                store = Path(folder) / f"store-{turn}-{name[:3]}"
                with servers.progimage([], store) as server:
                    if name == "wrk":
                        measured.append(_posted(server, files[0], bench.seconds, bench.connections))
                    else:
                        rate, cpu_s = _uploaded(server, files, bench.connections)
                        measured.append(rate)
                        used.append(1000 * cpu_s / count)
    times = ratio(rates["progimage upload"], rates["wrk"])
    rows = (
        ("wrk", spread(rates["wrk"], 0), "-", "-"),
        (
            "progimage upload",
            spread(rates["progimage upload"], 0),
            spread(used, 2),
            verdict(times, 0.8) + " x",
        ),
    )
    note = (
        f"{count:,} different JPEGs of 64x64 pixels into an empty folder store, "
        f"{bench.connections} at a time, client and server on one machine. wrk posts such pictures "
        f"from memory for {max(_LEAST_S, bench.seconds):g} s; the command line starts, finds and "
        "reads them, and notes each in a manifest."
    )
    columns = ("client", "pictures/s, median (least-most)", "client CPU ms", "of wrk's rate")
    return [Table("Bulk uploads", note, columns, rows)]


def _files(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    file, noise = io.BytesIO(), random.Random(3).randbytes(3 * 64 * 64)
    Image.frombytes("RGB", (64, 64), noise).save(file, "JPEG")
    paths = [folder / f"{n:06}.jpg" for n in range(count)]
    for n, path in enumerate(paths):
        # What stands behind the end of a JPEG makes it another file, and does no harm,
        # as long as it looks like no file itself: "%!" begins PostScript.
        tail = bytes(0x80 | (n >> shift & 0x7F) for shift in (21, 14, 7, 0))
        path.write_bytes(file.getvalue() + tail)
    return paths


def _posted(server: Server, picture: Path, seconds: float, connections: int) -> float:
    return load.post(server, picture, seconds=max(_LEAST_S, seconds), connections=connections).rps


def _uploaded(server: Server, files: Sequence[Path], connections: int) -> tuple[float, float]:
    """Return pictures a second and the client's processor time in all."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("progimage")), "upload"]
        command += [str(files[0].parent), "--url", f"http://{server.host}", "--json"]
        command += ["-c", str(connections), "--manifest", f"{folder}/manifest"]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
        took_s = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    created = run.stdout.count('"created"')
    if run.returncode != 0 or created != len(files):
        raise LoadFailed(f"progimage upload: {created} of {len(files)} stored: {run.stderr[-300:]}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return len(files) / took_s, cpu_s
