"""Three hundred random URLs, answered by thumbor and compiled here: same size, same window.

`make test-fronts` installs thumbor into an environment of its own and runs it.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image

from bench import servers
from progimage.api.fronts.thumbor.front import ThumborFront
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.render import transform
from tests.api.fronts.test_imgproxy import bordered, bordered_source, probe

SIZE = (240, 160)
FRONT = ThumborFront(is_unsafe=True)
LIMITS = replace(Limits(), max_steps=40)
# A window may differ by a pixel, and the filters blend the neighbours of a pixel differently.
TOLERANCE_PX = 1.6


@pytest.fixture(scope="module")
def thumbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("pictures")
    probe(SIZE).save(folder / "probe.png")
    bordered().save(folder / "bordered.png")
    with servers.thumbor(folder) as server:
        yield f"http://{server.host}"


def random_url(drawn: random.Random) -> str:
    """Return a path behind `/unsafe/`, of the parts of the grammar that are promised."""
    parts = []
    if drawn.random() < 0.3:
        left, top = drawn.randrange(0, 120), drawn.randrange(0, 80)
        parts.append(
            f"{left}x{top}:{left + drawn.randrange(20, 150)}x{top + drawn.randrange(20, 90)}"
        )
    fit = drawn.choice(["", "", "", "fit-in", "full-fit-in", "adaptive-fit-in"])
    if fit:
        parts.append(fit)
    width, height = drawn.randrange(10, 300), drawn.randrange(10, 200)
    # thumbor itself fails where "orig" meets a free side or no_upscale().
    kind = drawn.choice(["both", "across", "down", "orig", "orig"])
    sides = {
        "both": (width, height),
        "across": (width, 0),
        "down": (0, height),
        "orig": drawn.choice([(width, "orig"), ("orig", height), ("orig", "orig")]),
    }[kind]
    if drawn.random() < 0.9:
        flips = [drawn.choice(["", "", "-"]) for _ in range(2)]
        parts.append(f"{flips[0]}{sides[0]}x{flips[1]}{sides[1]}")
    if not fit and drawn.random() < 0.5:
        parts.append(drawn.choice(["left", "right", "center"]))
    if not fit and drawn.random() < 0.5:
        parts.append(drawn.choice(["top", "middle", "bottom"]))
    filters = ["format(png)"]
    if drawn.random() < 0.2:
        filters.insert(0, f"rotate({drawn.choice([90, 180, 270])})")
    if drawn.random() < 0.2:
        filters.insert(0, "proportion(0.5)")
    if kind != "orig" and drawn.random() < 0.3:
        filters.append("no_upscale()")
    parts.append("filters:" + ":".join(filters))
    return "/".join([*parts, "probe.png"])


def made(path: str, picture: Image.Image) -> Image.Image:
    pipeline = FRONT.read(f"/unsafe/{path}").compile(bordered_source(picture)).pipeline
    assert pipeline is not None
    return transform(Picture((picture,), (0,)), pipeline, LIMITS).frames[0].convert("RGB")


def requested(thumbor: str, path: str) -> Image.Image:
    with urlopen(f"{thumbor}/unsafe/{path}", timeout=60) as answer:  # noqa: S310  # our own
        return Image.open(io.BytesIO(answer.read())).convert("RGB")


def assert_alike(ours: Image.Image, theirs: Image.Image, path: str) -> None:
    assert ours.size == theirs.size, path
    across, down = (min(3, side // 2) for side in ours.size)
    for x in (across, ours.width - 1 - across):
        for y in (down, ours.height - 1 - down):
            mine, other = ours.getpixel((x, y)), theirs.getpixel((x, y))
            assert abs(mine[0] - other[0]) <= TOLERANCE_PX, (path, x, y, mine, other)
            assert abs(mine[1] - other[1]) <= TOLERANCE_PX, (path, x, y, mine, other)


@pytest.mark.parametrize("seed", range(320))
def test_a_random_url_gives_the_size_and_window_that_thumbor_gives(thumbor, seed):
    path = random_url(random.Random(seed))
    assert_alike(made(path, probe(SIZE)), requested(thumbor, path), path)


@pytest.mark.parametrize("seed", range(40))
def test_a_trim_before_it_gives_the_same_too(thumbor, seed):
    rest = random_url(random.Random(seed)).replace("probe.png", "bordered.png")
    path = "trim/" + re.sub(r"^\d+x\d+:\d+x\d+/", "", rest)
    assert_alike(made(path, bordered()), requested(thumbor, path), path)
