"""Mirador and Universal Viewer, pages of another site, in a real Chromium."""

from __future__ import annotations

import io
import json
from urllib.parse import quote

import pytest
from PIL import Image

from tests.system.iiif.conftest import Window
from tests.system.iiif.coordinates import SIZE, assert_in_place, probe

# Each pixel of the page is two of the screen, so that a fitted picture needs its first levels.
VIEW, SCALE = (1300, 1000), 2
pytestmark = pytest.mark.timeout(400)

MIRADOR = """
<!DOCTYPE html><meta charset="utf-8"><div id="view"></div>
<script>var process = {{env: {{NODE_ENV: 'production'}}}}</script>
<script src="/mirador/dist/mirador.min.js"></script>
<script>
  Mirador.viewer({{
    id: 'view', windows: [{{manifestId: {manifest}}}],
    window: {{allowClose: false, sideBarOpen: false, allowTopMenuButton: false}},
    workspaceControlPanel: {{enabled: false}},
  }})
</script>
"""


@pytest.fixture(params=["public", "private", "album", "search"])
def manifest(request, viewer_server, pictures) -> str:
    """The path of a manifest."""
    if request.param == "search":
        return "/iiif/manifest/?media_type=image%2Fpng"
    return f"/iiif/manifest/{pictures[request.param]}"


def open_mirador(window: Window, manifest: str) -> None:
    window.show(MIRADOR.format(manifest=json.dumps(manifest)))


def open_universal_viewer(window: Window, manifest: str) -> None:
    address = (
        f"{window.site.address}/universalviewer/dist/uv.html#?manifest={quote(manifest, safe='')}"
    )
    window.page.goto(address)


@pytest.mark.parametrize("open_", [open_mirador, open_universal_viewer])
def test_a_manifest_opens_and_every_tile_is_in_its_place(make_window, manifest, open_, tmp_path):
    window = make_window(*VIEW, scale=SCALE)
    open_(window, f"{window.base}{manifest}")
    page = window.page
    canvas = page.locator(".openseadragon-canvas canvas").first
    canvas.wait_for()
    window.wait_until(lambda: check(canvas.screenshot(path=tmp_path / "screen.png")))
    page.screenshot(path=tmp_path / "page.png")
    assert window.failures == []
    assert len(window.tiles) > 20


def check(screenshot: bytes) -> None:
    """Compare a canvas that the whole picture fits into with the picture."""
    screen = Image.open(io.BytesIO(screenshot)).convert("RGB")
    scale = min(screen.width / SIZE[0], screen.height / SIZE[1])
    size = (round(SIZE[0] * scale), round(SIZE[1] * scale))
    # The controls of a viewer lie over the edges.
    left, top = screen.width // 10, screen.height // 10
    seen = screen.crop((left, top, screen.width - left, screen.height - 2 * top))
    corner = ((screen.width - size[0]) / 2 - left, (screen.height - size[1]) / 2 - top)
    whole = probe().resize(size, Image.Resampling.BICUBIC)
    # The frame of a viewer leaves the picture a pixel or two aside from the middle.
    assert_in_place(seen, corner, whole, step_px=6)
