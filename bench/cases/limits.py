"""What decoding costs without any server: the limit of any server that decodes originals."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import peers
from bench.bench import Bench
from bench.photos import Photo
from bench.report import Table
from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.render import render
from progimage.imaging.working_copies import copy_size_for

_SCRIPT = Path(__file__).parent.parent / "decoders.py"
_RANGES = (("100-900 px", range(100, 901, 100)), ("900-1700 px", range(900, 1701, 200)))
_PX = 2048
_THREADS = {"VIPS_CONCURRENCY": "1"}


def limits(bench: Bench) -> list[Table]:
    """Processor time to a JPEG in one process, by library; no HTTP, no store."""
    # Every fourth JPEG is another scene; the others are its reflections.
    photos = bench.sources.jpegs[:: 4 if len(bench.sources.jpegs) > 12 else 1]
    rows = []
    for name, widths in _RANGES:
        usable = [width for width in widths if width <= min(photo.width for photo in photos)]
        if not usable:
            continue
        ours = _progimage(photos, usable)
        for library, python in _pythons(bench).items():
            theirs = _milliseconds(library, python, photos, usable)
            rows.append((name, library, f"{theirs:.1f}", f"{theirs / ours:.2f} x"))
        rows.append((name, "progimage, working copies", f"{ours:.1f}", "-"))
    note = (
        f"{len(photos)} photographs of 6 to 12 megapixels, each at every width, files in the page "
        "cache, one thread, quality 80: processor milliseconds a rendition. pyvips: "
        "`Image.thumbnail` on the original; Pillow: draft, Lanczos, save; progimage: the render "
        "that its processes do, without what is around it and without remembered pictures."
    )
    columns = ("case", "made by", "CPU ms", "times progimage")
    return [Table("The limit: renditions without a server", note, columns, tuple(rows))]


def _pythons(bench: Bench) -> dict[str, str]:
    found = {"pillow": sys.executable}
    try:
        found["vips"] = str(peers.vips())
    except peers.PeerMissing as reason:
        bench.missing["pyvips"] = str(reason)
    return found


def _milliseconds(library: str, python: str, photos: tuple[Photo, ...], widths: list[int]) -> float:
    command = [python, str(_SCRIPT), library, ",".join(map(str, widths))]
    command += [str(photo.path) for photo in photos]
    environment = {**os.environ, **_THREADS}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def _progimage(photos: tuple[Photo, ...], widths: list[int]) -> float:
    bounds = Limits()
    with tempfile.TemporaryDirectory() as folder:
        copies = [
            inspect(str(photo.path), bounds, _PX, f"{folder}/{n}").copies
            for n, photo in enumerate(photos)
        ]
        target, count, used = f"{folder}/made", 0, 0.0
        for width in widths:
            pipeline = parse(f"resize:w={width}/quality:80")
            for photo, files in zip(photos, copies, strict=True):
                size = (photo.width, photo.height)
                copy = copy_size_for(pipeline, size, _PX, is_jpeg=True)
                source = files[copy] if copy else str(photo.path)
                started = time.process_time()
                # A content that no other has: nothing is remembered from width to width.
                known = {source: f"{width}/{source}"}
                render(source, pipeline, target, JPEG, bounds, None, known, size if copy else None)
                used += time.process_time() - started
                count += 1
    return 1000 * used / count
