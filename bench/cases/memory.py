"""What the processes keep in memory: at the worst, and over time."""

from __future__ import annotations

import time

import numpy as np

from bench import load, processes
from bench.bench import Bench, every
from bench.load import LoadFailed
from bench.processes import Memory
from bench.report import Table
from bench.servers import Server

_FLAT_MIB_AN_HOUR = 30.0
_SAMPLE_S = 2.0


def peak(bench: Bench) -> list[Table]:
    """The most that a render worker, or a peer's process, held on a 50-megapixel JPEG."""
    huge = bench.sources.huge
    rows = []
    # The larger the target, the less the decoder may shrink: 900 is the usual case,
    # the last one must decode every pixel.
    for width in (900, 3000, huge.width * 4 // 5):
        with bench.contestants([huge]) as running:
            for server in running:
                path = server.path(huge, width, "jpeg")
                answer = server.fetch(path)
                if answer.status != 200:
                    raise LoadFailed(f"{server.name}: {path}: {answer.status}, expected 200")
                family = processes.family(server.pid)
                decoding = [memory for memory in family if memory.is_render_worker] or family
                most = max(decoding, key=lambda memory: memory.peak_mib)
                kind = "render worker" if most.is_render_worker else "process"
                everything = sum(memory.rss_mib for memory in family)
                row = (
                    str(width),
                    server.name,
                    f"{most.peak_mib:.0f} ({kind})",
                    f"{everything:.0f}",
                )
                rows.append(row)
    note = (
        f"A JPEG of {huge.width}x{huge.height} to the width given, one request. Peak resident "
        "memory of the largest process that decodes (VmHWM), then what all processes hold "
        "afterwards (VmRSS)."
    )
    columns = ("width", "server", "peak MiB", "all processes after, MiB")
    return [Table("Memory on 50 megapixels", note, columns, tuple(rows))]


def soak(bench: Bench) -> list[Table]:
    """Resident memory of ProgImage's web processes under mixed load, sampled over time."""
    if "progimage" not in bench.wanted:
        return []
    photos = bench.sources.jpegs
    seconds = bench.soak_minutes * 60
    samples: dict[int, list[tuple[float, float]]] = {}
    with bench.contestants(photos) as running:
        server = next(server for server in running if server.name == "progimage")
        hits = every(server, photos, (250, 500), "jpeg")
        cold = every(server, photos, range(100, 2000), "jpeg")
        with (
            load.beside(server, hits, seconds=seconds, connections=2) as cached,
            load.beside(
                server, cold, seconds=seconds, connections=bench.connections, once=True
            ) as rendered,
        ):
            begun = time.monotonic()
            while (elapsed := time.monotonic() - begun) < seconds:
                for memory in web_processes(server):
                    samples.setdefault(memory.pid, []).append((elapsed, memory.rss_mib))
                time.sleep(min(_SAMPLE_S, seconds / 10))
            answered = cached.result().requests, rendered.result(may_refuse=True)
    rows = tuple(_row(pid, series) for pid, series in samples.items() if len(series) > 3)
    note = (
        f"{bench.soak_minutes:g} minutes, {answered[0]:,} cached hits and "
        f"{answered[1].requests:,} cold renditions ({answered[1].refused} refused). The slope is a "
        f"least-squares fit over the second half; below {_FLAT_MIB_AN_HOUR:g} MiB an hour counts "
        "as flat."
    )
    columns = ("web process", "MiB at the start", "half-way", "at the end", "most", "slope")
    return [Table("Memory of the web processes over a soak", note, columns, rows)]


def web_processes(server: Server) -> list[Memory]:
    """Return gunicorn's processes: all that do not render."""
    return [memory for memory in processes.family(server.pid) if not memory.is_render_worker]


def _row(pid: int, series: list[tuple[float, float]]) -> tuple[str, ...]:
    half = series[len(series) // 2 :]
    times, values = np.array(half).T
    slope = float(np.polyfit(times, values, 1)[0]) * 3600 if len(half) > 2 else 0.0
    flat = "flat" if slope < _FLAT_MIB_AN_HOUR else "growing"
    most = max(value for _, value in series)
    return (
        str(pid),
        f"{series[0][1]:.1f}",
        f"{half[0][1]:.1f}",
        f"{series[-1][1]:.1f}",
        f"{most:.1f}",
        f"{slope:+.1f} MiB/h ({flat})",
    )
