"""Compare the pictures of a folder with what Chromium shows of them.

    python -m tools.compare_chromium FOLDER

It prints which pictures differ by more than three levels on average, on white or on black, which
have another size, and which only one of the two shows. Needs Chromium and Playwright, as
`make test-console` installs them. docs/develop/compared-with-chromium.md has a result.
"""

from __future__ import annotations

import base64
import shutil
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page, sync_playwright

from progimage.errors import ProgImageError
from progimage.imaging.codecs import formats
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import render

LEVELS = 3
_MOST_PIXELS = 6_000_000
_MOST_BYTES = 6_000_000
_TYPES = {
    **{"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "apng": "image/png"},
    **{"gif": "image/gif", "webp": "image/webp", "avif": "image/avif", "bmp": "image/bmp"},
    **{"ico": "image/x-icon", "cur": "image/x-icon", "svg": "image/svg+xml"},
}
_DRAW = """async ([data, type, most]) => {
  const image = new Image();
  image.src = `data:${type};base64,${data}`;
  const late = new Promise((_, reject) => setTimeout(() => reject("late"), 20000));
  try { await Promise.race([image.decode(), late]); } catch (error) { return null; }
  const { naturalWidth: width, naturalHeight: height } = image;
  if (!width || !height) return null;
  if (width * height > most) return { size: [width, height] };
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  return { size: [width, height], png: canvas.toDataURL("image/png").split(",")[1] };
}"""


def main(folder: Path) -> None:
    """Compare every picture below a folder, and print what differs."""
    lines, same = [], 0
    arguments = ["--no-sandbox", "--force-color-profile=srgb"]
    path = shutil.which("chromium") or shutil.which("google-chrome")
    pool = RenderPool(
        workers=1, timeout_s=15, wall_timeout_s=120, memory_bytes=2 * 2**30, tasks=1000
    )
    with sync_playwright() as playwright, TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page()
        for file in _pictures(folder):
            difference = _difference(_ours(pool, file, Path(scratch)), _theirs(page, file))
            if difference:
                lines.append(f"{file.relative_to(folder)}: {difference}")
            same += not difference
        browser.close()
    pool.close()
    print(f"{same} pictures agree, {len(lines)} do not")
    print("\n".join(lines))


def _pictures(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        is_known = file.suffix[1:].lower() in _TYPES
        if is_known and file.is_file() and file.stat().st_size <= _MOST_BYTES:
            yield file


def _ours(pool: RenderPool, file: Path, scratch: Path) -> dict[str, Any] | str:
    """Return the size and the picture, or why there is none."""
    target = scratch / "target.png"
    try:
        facts = pool.run(inspect, str(file), Limits())
        if facts.width * facts.height > _MOST_PIXELS:
            return {"size": [facts.width, facts.height]}
        pool.run(render, str(file), parse(""), str(target), formats.PNG, Limits())
    except ProgImageError as error:
        return f"{type(error).__name__}: {error}"
    with Image.open(target) as image:
        return {"size": [facts.width, facts.height], "image": image.convert("RGBA")}


def _theirs(page: Page, file: Path) -> dict[str, Any] | None:
    data = base64.b64encode(file.read_bytes()).decode()
    seen = page.evaluate(_DRAW, [data, _TYPES[file.suffix[1:].lower()], _MOST_PIXELS])
    if seen and "png" in seen:
        seen["image"] = Image.open(BytesIO(base64.b64decode(seen["png"]))).convert("RGBA")
    return seen


def _difference(ours: dict[str, Any] | str, theirs: dict[str, Any] | None) -> str:
    """Return in words how they differ; "" if they do not, or if neither shows the picture."""
    if isinstance(ours, str):
        return f"refused, Chromium shows it: {ours[:120]}" if theirs else ""
    if theirs is None:
        return "Chromium does not show it"
    if ours["size"] != theirs["size"]:
        return f"{ours['size']} pixels, in Chromium {theirs['size']}"
    if "image" not in ours or "image" not in theirs:
        return ""
    levels = max(
        _mean(ImageChops.difference(_on(ground, ours["image"]), _on(ground, theirs["image"])))
        for ground in ("white", "black")
    )
    return f"differs by {levels:.1f} levels" if levels > LEVELS else ""


def _on(ground: str, image: Image.Image) -> Image.Image:
    below = Image.new("RGBA", image.size, ground)
    below.alpha_composite(image)
    return below.convert("RGB")


def _mean(image: Image.Image) -> float:
    return sum(ImageStat.Stat(image).mean) / 3


if __name__ == "__main__":
    main(Path(sys.argv[1]))
