"""OpenSeadragon, a page of another site, in a real Chromium: each tile in its place."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tests.system.iiif.coordinates import SIZE, assert_in_place, probe

SIDES = (1100, 900)

pytestmark = pytest.mark.timeout(400)

PAGE = """
<!DOCTYPE html><meta charset="utf-8">
<style>body {{margin: 0}} #view {{width: 100vw; height: 100vh}}</style>
<div id="view"></div>
<script src="/openseadragon/build/openseadragon/openseadragon.min.js"></script>
<script>
  window.failed = [];
  window.viewer = OpenSeadragon({{
    id: 'view', tileSources: {source}, showNavigationControl: false, drawer: 'canvas',
    animationTime: 0, blendTime: 0, immediateRender: true, crossOriginPolicy: 'Anonymous',
    minZoomImageRatio: 0.1, visibilityRatio: 0,
  }});
  viewer.addHandler('tile-load-failed', event => failed.push(event.message));
</script>
"""
PLACES = [
    (1, 700, 500),
    (1, 2600, 2000),
    (1, 1536, 1024),
    (2, 1536, 1200),
    (4, 1536, 1205),
    (8, 1536, 1205),
]


def sources(base: str, pictures: dict[str, str]) -> dict[str, str]:
    public, private = pictures["public"], pictures["private"]
    image_id, _, signature = private.partition("~")
    return {
        "iiif 3": f"{base}/iiif/3/{public}/info.json",
        "iiif 2": f"{base}/iiif/2/{public}/info.json",
        "deep zoom": f"{base}/deepzoom/{public}.dzi",
        "private, iiif 3": f"{base}/iiif/3/{private}/info.json",
        "private, iiif 2": f"{base}/iiif/2/{private}/info.json",
        "private, deep zoom": f"{base}/deepzoom/{image_id}.dzi?sig={signature}",
    }


@pytest.mark.parametrize(
    "source",
    ["iiif 3", "iiif 2", "deep zoom", "private, iiif 3", "private, iiif 2", "private, deep zoom"],
)
def test_every_tile_is_in_its_place(make_window, pictures, source, tmp_path):
    window = make_window(*SIDES)
    page = window.page
    window.show(PAGE.format(source=json.dumps(sources(window.base, pictures)[source])))
    page.wait_for_function("() => window.viewer.world.getItemCount() === 1")
    for factor, x, y in PLACES:
        page.evaluate(
            """([zoom, x, y]) => {
              const image = viewer.world.getItemAt(0), viewport = viewer.viewport
              viewport.zoomTo(viewport.imageToViewportZoom(zoom), null, true)
              viewport.panTo(image.imageToViewportCoordinates(x, y), true)
              window.frames_left = 10
            }""",
            [1 / factor, x, y],
        )
        # It takes some frames to know which tiles the view needs, and to draw them.
        page.wait_for_function(
            """() => {
              const isLoaded = viewer.world.getItemAt(0).getFullyLoaded()
              window.frames_left = isLoaded ? frames_left - 1 : 10
              viewer.forceRedraw()
              return frames_left < 0
            }"""
        )
        screen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        screen.save(tmp_path / f"{factor}-{x}-{y}.png")
        box = page.evaluate(
            """() => {
              const image = viewer.world.getItemAt(0), size = image.getContentSize()
              const corner = image.imageToViewerElementCoordinates(new OpenSeadragon.Point(0, 0))
              return [corner.x, corner.y, size.x, size.y]
            }"""
        )
        assert box[2:] == list(SIZE)
        # A level ends with what is left of the last pixels.
        assert_in_place(screen, (box[0], box[1]), probe().reduce(factor))
    assert window.failures == []
    assert len(window.tiles) > 20
    assert page.evaluate("() => failed") == []
