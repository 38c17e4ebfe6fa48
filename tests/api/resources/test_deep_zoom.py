"""Deep Zoom over HTTP."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.api.conftest import assert_problem, opened, upload
from tests.imaging.drawing import quadrants, saved


@pytest.fixture
def image_id(client) -> str:
    """The id of a PNG of 1025 x 700 with a colour in each quarter."""
    return upload(client, saved(quadrants((1025, 700)), "PNG")).split("/")[2]


def test_a_descriptor_leads_to_tiles_that_fit_together(client, image_id):
    result = client.simulate_get(f"/deepzoom/{image_id}.dzi")
    assert result.headers["content-type"] == "application/xml"
    assert 'Width="1025" Height="700"' in result.text
    whole = Image.new("RGB", (1025, 700))
    for column in range(3):
        for row in range(2):
            tile = client.simulate_get(f"/deepzoom/{image_id}_files/11/{column}_{row}.png")
            whole.paste(opened(tile), (512 * column, 512 * row))
    assert whole.tobytes() == quadrants((1025, 700)).tobytes()


def test_a_tile_is_the_same_rendition_as_by_iiif(client, image_id):
    zoomed = client.simulate_get(f"/deepzoom/{image_id}_files/10/0_0.jpg")
    tile = client.simulate_get(f"/iiif/3/{image_id}/0,0,1024,700/512,350/0/default.jpg")
    assert zoomed.headers["etag"] == tile.headers["etag"]
    assert zoomed.content == tile.content
    assert tile.headers["x-cache"] == "hit"


def test_pages_of_all_sites_may_read_it_where_that_is_set(make_client, image_id):
    client = make_client(iiif={"sites": "all"})
    origin = {"Origin": "https://viewer.example"}
    for path in (f"{image_id}.dzi", f"{image_id}_files/0/0_0.jpg", "unknown.dzi"):
        result = client.simulate_get(f"/deepzoom/{path}", headers=origin)
        assert result.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["0_0.jpg", "99/0_0.jpg", "11/3_0.jpg"])
def test_tiles_that_the_picture_has_not_are_404(client, image_id, path):
    assert_problem(client.simulate_get(f"/deepzoom/{image_id}_files/{path}"), 404)


def test_an_unknown_argument_is_an_error(client, image_id):
    assert_problem(client.simulate_get(f"/deepzoom/{image_id}.dzi", params={"w": "5"}), 400, "'w'")
