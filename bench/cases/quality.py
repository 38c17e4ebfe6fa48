"""How close each server's renditions come to a full decode and a Lanczos resample."""

from __future__ import annotations

import io
import statistics
from collections.abc import Iterable

from PIL import Image

from bench.bench import Bench
from bench.load import LoadFailed
from bench.photos import Photo
from bench.report import Table
from bench.servers import Server
from bench.ssim import Plane, luma, ssim

_JPEG_WIDTHS = (100, 200, 300, 450, 600, 750, 900, 1300, 1700)
_OTHER_WIDTHS = (150, 450, 900)
_PICTURES = 6
# Two medians this close look the same to anybody and to any metric.
_SAME = 0.001


def quality(bench: Bench) -> list[Table]:
    """Median SSIM over pictures, and bytes, for each width and kind of source."""
    sources = bench.sources
    count = 1 if bench.smoke else _PICTURES
    # Every fourth JPEG is a different scene; the others are its reflections.
    jpegs = sources.jpegs[:: max(1, len(sources.jpegs) // count)][:count]
    kinds = (
        ("JPEG", "jpeg", jpegs, _JPEG_WIDTHS),
        ("PNG", "jpeg", sources.pngs[:count], _OTHER_WIDTHS),
        ("PNG with alpha", "webp", sources.cut_outs[:count], _OTHER_WIDTHS),
        ("WebP", "jpeg", sources.webps[:count], _OTHER_WIDTHS),
        ("WebP", "webp", sources.webps[:count], _OTHER_WIDTHS),
    )
    photos = [photo for _, _, group, _ in kinds for photo in group]
    names: list[str] = []
    rows = []
    with bench.contestants(list(dict.fromkeys(photos))) as running:
        names = [server.name for server in running]
        for kind, form, group, widths in kinds:
            usable = [width for width in widths if width <= min(p.width for p in group)]
            for width in usable:
                scores = _scores(running, group, width, form)
                rows.append((f"{kind} to {form}", str(width), *_cells(names, scores)))
    note = (
        "Luma SSIM (Wang et al. 2004) against the picture decoded whole, resampled by Lanczos and "
        "not encoded: median over "
        f"{count} pictures, then mean bytes. Everybody writes quality 80. The last column compares "
        "progimage with the better peer."
    )
    heads = tuple(f"{name} SSIM, bytes" for name in names)
    return [
        Table(
            "Quality", note, ("sources", "width", *heads, "progimage less better peer"), tuple(rows)
        )
    ]


def _scores(
    running: Iterable[Server], photos: Iterable[Photo], width: int, form: str
) -> dict[str, list[tuple[float, int]]]:
    found: dict[str, list[tuple[float, int]]] = {server.name: [] for server in running}
    for photo in photos:
        references: dict[tuple[int, int], Plane] = {}
        for server in running:
            answer = server.fetch(server.path(photo, width, form))
            if answer.status != 200:
                raise LoadFailed(f"{server.name}: {photo.path.name} at {width}: {answer.status}")
            with Image.open(io.BytesIO(answer.body)) as rendition:
                size = rendition.size
                if rendition.format != form.upper() or size[0] != width:
                    raise LoadFailed(f"{server.name}: asked for {form} {width}, got {rendition}")
                # Servers round the height differently; each has a reference of its size.
                if size not in references:
                    references[size] = _reference(photo, size)
                found[server.name].append(
                    (ssim(references[size], luma(rendition)), len(answer.body))
                )
    return found


def _reference(photo: Photo, size: tuple[int, int]) -> Plane:
    with Image.open(photo.path) as image:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return luma(image.convert(mode).resize(size, Image.Resampling.LANCZOS))


def _cells(names: list[str], scores: dict[str, list[tuple[float, int]]]) -> list[str]:
    medians = {name: statistics.median(score for score, _ in scores[name]) for name in names}
    cells = [
        f"{medians[name]:.4f}, {statistics.mean(size for _, size in scores[name]):,.0f}"
        for name in names
    ]
    peers = [value for name, value in medians.items() if name != "progimage"]
    if "progimage" not in medians or not peers:
        return [*cells, "-"]
    gain = medians["progimage"] - max(peers)
    word = "same" if abs(gain) <= _SAME else "better" if gain > 0 else "worse"
    return [*cells, f"{gain:+.4f} ({word})"]
