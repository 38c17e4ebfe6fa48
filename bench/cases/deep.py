"""Tiles of large pictures: from nothing and warm, beside servers made for nothing else."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import load, peers, processes, servers
from bench.bench import Bench
from bench.load import LoadFailed
from bench.report import Table, ratio, spread, verdict
from bench.servers import Server, StartFailed
from progimage.imaging.tiles import Tile, scale_factors, tile_counts, tile_region, tile_size

_SIDES = {"deep": 10_000, "deep-first": 7_000, "gigapixel": 31_600}
_SMALL_SIDE = 3_200
_FIRST = 24
_MAX_MIB = 700.0
_SAMPLE_S = 0.1

Size = tuple[int, int]
Paths = Callable[[Tile], str]


def tiles(bench: Bench) -> list[Table]:
    """The first 24 tiles of a new JPEG, then all of them in any order."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=bench.work)))
        picture, size = _picture(bench, "deep", folder)
        wanted = load.shuffled(_tiles(size))
        ours = stack.enter_context(_progimage(picture, folder / "store"))
        running: list[tuple[Server, Paths]] = [(ours, _iiif(_base(picture), size))]
        first = {"progimage": _first(*running[0], wanted)}
        port = stack.enter_context(servers.iiif_processor(folder))
        plain = replace(ours, name="iiif-processor", host=f"127.0.0.1:{port}")
        running.append((plain, _iiif(f"/iiif/3/{picture.name}", size)))
        first[plain.name] = _first(*running[-1], wanted)
        started = time.perf_counter()
        pyramid = _pyramidal_tiff(picture)
        iip = stack.enter_context(servers.iipsrv())
        running.append((iip, _iiif(f"/?IIIF={pyramid}", size)))
        making_s = time.perf_counter() - started
        first[iip.name] = making_s + _first(*running[-1], wanted)
        paths = {server.name: [path(tile) for tile in wanted] for server, path in running}
        measured = bench.turns([server for server, _ in running], lambda s: paths[s.name])
    rows = []
    for name, turns in measured.items():
        times = ratio([t.rps for t in measured["progimage"]], [t.rps for t in turns])
        aim = {"iipsrv": 2.0, "iiif-processor": 10.0}.get(name)
        rows.append(
            (
                name,
                f"{first[name]:.2f}",
                spread([turn.rps for turn in turns]),
                spread([turn.load.p95_ms for turn in turns]),
                f"{verdict(times, aim)} x" if aim else "-",
            )
        )
    note = (
        f"A baseline JPEG of {size[0]}x{size[1]}, tiles of 512 px as IIIF 3 asks for them, "
        f"{bench.connections} connections, folder store. IIPImage has a pyramidal TIFF (tiles of "
        "512 px, JPEG), which pyvips makes first; that time is in its first tiles."
    )
    columns = (
        "server",
        f"s to the first {_FIRST} tiles",
        "tiles/s, median (least-most)",
        "p95 ms",
        "progimage is",
    )
    return [Table("Tiles of 100 megapixels", note, columns, tuple(rows))]


def first_tiles(bench: Bench) -> list[Table]:
    """24 tiles over 24 connections, beside one decode and the encoding of all tiles."""
    rows = []
    for _ in range(bench.rounds):
        with TemporaryDirectory(dir=bench.work) as name:
            folder = Path(name)
            picture, size = _picture(bench, "deep-first", folder)
            alone = _build_alone(picture)
            with _progimage(picture, folder / "store") as server:
                _start_render_processes(bench, server)
                path = _iiif(_base(picture), size)
                together = _first(server, path, load.shuffled(_tiles(size)))
        rows.append(
            (f"{together:.2f}", f"{alone:.2f}", verdict(together / alone, 1.5, at_most=True))
        )
    columns = (
        f"s for {_FIRST} tiles over {_FIRST} connections",
        "s to decode it once and encode all tiles, in one process",
        "times",
    )
    note = (
        f"A fresh baseline JPEG of {size[0]}x{size[1]}, on a server that has rendered other "
        "pictures before; every answer is 200. One row a round."
    )
    return [Table("First tiles of 49 megapixels", note, columns, tuple(rows))]


def gigapixel(bench: Bench) -> list[Table]:
    """Upload a gigapixel, and ask for its tiles."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=bench.work)))
        picture, size = _picture(bench, "gigapixel", folder)
        picture_bytes = picture.stat().st_size
        # A small picture counts as large in a trial.
        settings = {"PROGIMAGE_LIMITS_MAX_SOURCE_PIXELS": "9000000"} if bench.smoke else {}
        server = stack.enter_context(servers.progimage((), folder / "store", settings))
        used = processes.cpu_seconds(server.pid)
        with _watched(server.pid) as server_peak:
            started = time.perf_counter()
            client_mib = _uploaded_by_command(server, picture)
            seconds = time.perf_counter() - started
        cpu_s = processes.cpu_seconds(server.pid) - used
        [pyramid] = (folder / "store").rglob("*-tiles")
        pyramid_bytes = pyramid.stat().st_size
        path = _iiif(_base(picture), size)
        paths = [path(tile) for tile in load.shuffled(_tiles(size))]
        turns = bench.turns([server], lambda _: paths)["progimage"]
    row = (
        f"{size[0] * size[1] / 1e6:.0f}",
        f"{picture_bytes / 1e6:.0f}",
        f"{seconds:.1f}",
        f"{cpu_s:.1f}",
        verdict(max(server_peak), _MAX_MIB, at_most=True),
        f"{client_mib:.0f}",
        f"{pyramid_bytes / 1e6:.0f}",
        spread([turn.rps for turn in turns]),
        spread([turn.load.p95_ms for turn in turns]),
    )
    columns = (
        "megapixels",
        "JPEG, MB",
        "upload, s",
        "CPU s of the server",
        "peak MiB of its largest process",
        "peak MiB of the client",
        "pyramid, MB",
        "tiles/s",
        "p95 ms",
    )
    note = (
        f"`progimage upload` of a baseline JPEG; then its tiles, {bench.connections} connections."
    )
    return [Table("A gigapixel", note, columns, (row,))]


def _picture(bench: Bench, case: str, folder: Path) -> tuple[Path, Size]:
    """Write a baseline JPEG of the case's size: photographs beside each other, never scaled."""
    side = _SMALL_SIDE if bench.smoke else _SIDES[case]
    photo = bench.sources.jpegs[0].path
    target = folder / "large.jpg"
    script = (
        "import pyvips, sys\n"
        "image = pyvips.Image.new_from_file(sys.argv[1]).copy_memory()\n"
        "side = int(sys.argv[3])\n"
        "across, down = -(-side // image.width), -(-side // image.height)\n"
        "whole = image.replicate(across, down).crop(0, 0, side, side)\n"
        "whole.jpegsave(sys.argv[2], Q=92, keep='none')\n"
    )
    _run([str(peers.vips()), "-c", script, str(photo), str(target), str(side)])
    return target, (side, side)


def _pyramidal_tiff(picture: Path) -> Path:
    target = picture.with_suffix(".tif")
    script = (
        "import pyvips, sys\n"
        "image = pyvips.Image.new_from_file(sys.argv[1], access='sequential')\n"
        "image.tiffsave(sys.argv[2], compression='jpeg', Q=80, tile=True, tile_width=512,\n"
        "               tile_height=512, pyramid=True)\n"
    )
    _run([str(peers.vips()), "-c", script, str(picture), str(target)])
    return target


def _tiles(size: Size) -> list[Tile]:
    """Return the tiles of all levels that have more than one."""
    return [
        Tile(factor, x, y)
        for factor in scale_factors(size)[:-1]
        for y in range(tile_counts(size, factor)[1])
        for x in range(tile_counts(size, factor)[0])
    ]


def _iiif(base: str, size: Size) -> Paths:
    """Return a function from a tile to its path as IIIF 3 spells it."""

    def path(tile: Tile) -> str:
        region, shown = tile_region(size, tile), tile_size(size, tile)
        return f"{base}/{','.join(map(str, region))}/{shown[0]},{shown[1]}/0/default.jpg"

    return path


def _first(server: Server, path: Paths, wanted: Sequence[Tile]) -> float:
    """Ask for the first tiles at once; return how long all of them took."""
    started = time.perf_counter()
    with ThreadPoolExecutor(_FIRST) as threads:
        statuses = list(threads.map(lambda tile: server.fetch(path(tile)).status, wanted[:_FIRST]))
    if set(statuses) != {200}:
        raise LoadFailed(f"{server.name}: the first tiles were answered with {sorted(statuses)}")
    return time.perf_counter() - started


def _start_render_processes(bench: Bench, server: Server) -> None:
    """Let every web process render something, since the first time takes a second longer."""
    photo = bench.sources.jpegs[1]
    server.fetch("/images/", "POST", photo.data(), **{"Content-Type": photo.media_type})
    base = f"/images/{hashlib.sha256(photo.data()).hexdigest()}"
    for widths in (range(100, 124), range(200, 224)):
        with ThreadPoolExecutor(_FIRST) as threads:
            list(threads.map(lambda width: server.fetch(f"{base}/resize:w={width}.jpg"), widths))


@contextmanager
def _progimage(picture: Path, store: Path) -> Iterator[Server]:
    """Run ProgImage with the picture, without its pyramid."""
    settings = {"PROGIMAGE_UPLOAD_MAX_BYTES": str(2**30)}
    with servers.progimage((), store, settings) as server:
        answer = server.fetch(
            "/images/", "POST", picture.read_bytes(), **{"Content-Type": "image/jpeg"}
        )
        if answer.status != 201:
            raise StartFailed(f"progimage: upload: {answer.status} {answer.body[:300]!r}")
        for pyramid in store.rglob("*-tiles"):
            pyramid.unlink()
        yield server


def _base(picture: Path) -> str:
    """Return where the picture's tiles are: its id is the SHA-256 of its bytes."""
    with picture.open("rb") as file:
        return f"/iiif/3/{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _build_alone(picture: Path) -> float:
    """Return how long it takes to make the pyramid, in a process that does nothing else."""
    script = (
        "import sys, time\n"
        "from progimage.imaging.limits import Limits\n"
        "from progimage.imaging.pyramids.building import build_pyramid\n"
        "started = time.perf_counter()\n"
        "build_pyramid(sys.argv[1], sys.argv[2], Limits(), 50_000_000)\n"
        "print(time.perf_counter() - started)\n"
    )
    target = picture.with_suffix(".pyramid")
    return float(_run([sys.executable, "-c", script, str(picture), str(target)]))


@contextmanager
def _watched(root: int) -> Iterator[list[float]]:
    """Note the peaks of the largest process below `root`, in MiB, while the block runs."""
    peaks, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(_SAMPLE_S):
            peaks.append(max((memory.peak_mib for memory in processes.family(root)), default=0.0))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()


def _uploaded_by_command(server: Server, picture: Path) -> float:
    """Upload the picture by `progimage upload`; return the peak memory of that in MiB."""
    script = (
        "import resource, sys\n"
        "from progimage.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    environment = {**os.environ, "PROGIMAGE_URL": f"http://{server.host}"}
    command = [sys.executable, "-c", script, "upload", str(picture)]
    return float(_run(command, environment).split()[-1])


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise StartFailed(f"{command[0]}: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout
