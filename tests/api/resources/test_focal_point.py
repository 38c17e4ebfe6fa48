"""`gravity=focus` crops around the focal point of the record, also after it has changed."""

from __future__ import annotations

import pytest

from progimage import keys
from progimage.imaging.pipeline_parser import parse
from tests.api.conftest import assert_problem, opened
from tests.imaging.drawing import BLUE, GREEN, RED, pixel

# A quarter of the picture, which has another colour in each of its quarters.
CROP = "crop:width=24,height=16,gravity=focus.png"
COVER = "resize:w=16,h=16,fit=cover,gravity=focus.png"


def place(client, path, x, y):
    result = client.simulate_patch(
        f"{path}metadata/",
        json={"focal_point": {"x": x, "y": y}},
        headers={"If-Match": "*", "Content-Type": "application/json"},
    )
    assert result.status_code == 200


def middle(result):
    image = opened(result)
    return pixel(image, (image.width // 2, image.height // 2))[:3]


@pytest.fixture
def shown(client, png):
    """The path of a picture with a colour in each quarter."""
    headers = {"Content-Type": "image/png"}
    return f"/images/{client.simulate_post('/', body=png, headers=headers).json['id']}/"


@pytest.mark.parametrize(("x", "y", "colour"), [(0, 0, RED), (1, 0, GREEN), (0.1, 0.9, BLUE)])
def test_the_crop_is_around_the_focal_point(client, shown, x, y, colour):
    place(client, shown, x, y)
    assert middle(client.simulate_get(shown + CROP)) == colour


def test_a_new_focal_point_is_seen_at_once_by_those_who_have_the_old_crop(client, shown):
    place(client, shown, 0, 0)
    first = client.simulate_get(shown + CROP)
    assert client.simulate_get(shown + CROP).headers["x-cache"] == "hit"
    known = {"If-None-Match": first.headers["etag"]}
    assert client.simulate_get(shown + CROP, headers=known).status_code == 304
    place(client, shown, 1, 0)
    second = client.simulate_get(shown + CROP, headers=known)
    assert middle(second) == GREEN
    assert second.headers["etag"] != first.headers["etag"]


def test_caches_have_to_ask_whether_the_focal_point_has_changed(client, shown):
    place(client, shown, 0.5, 0.5)
    for _ in ("miss", "hit"):
        assert client.simulate_get(shown + COVER).headers["cache-control"] == "public, no-cache"
    fixed = client.simulate_get(shown + COVER.replace("focus", "smart"))
    assert "immutable" in fixed.headers["cache-control"]


def test_without_a_focal_point_the_crop_is_the_smart_one(client, shown):
    smart = client.simulate_get(shown + COVER.replace("focus", "smart"))
    focus = client.simulate_get(shown + COVER)
    assert focus.content == smart.content
    assert focus.headers["x-cache"] == "hit"


def test_no_rendition_is_stored_under_a_name_that_can_change_its_meaning(client, shown, store):
    client.simulate_get(shown + COVER)
    place(client, shown, 0.25, 0.75)
    client.simulate_get(shown + COVER)
    names = sorted(stat.key.rpartition("/")[2] for stat in store.list(keys.RENDERS))
    assert [name.partition("gravity=")[2].partition(",")[0] for name in names] == [
        "0.25x0.75",
        "smart",
    ]


def test_the_focal_point_of_a_private_picture_is_not_revealed(ann, make_client, png):
    headers = {"Content-Type": "image/png"}
    private = {"visibility": "private", "focal_point": "0x0"}
    sent = ann.simulate_post("/images/", body=png, headers=headers, params=private)
    path = f"/images/{sent.json['id']}/{CROP}"
    result = ann.simulate_get(path)
    assert middle(result) == RED
    assert result.headers["cache-control"] == "private, no-store"
    for headers in ({}, {"If-None-Match": result.headers["etag"]}):
        assert_problem(make_client().simulate_get(path, headers=headers), 404)


def test_a_picture_that_is_only_sent_along_has_no_focal_point(client, png):
    headers = {"Content-Type": "image/png"}
    focus, smart = (
        client.simulate_post(f"/on_demand/{COVER.replace('focus', g)}", body=png, headers=headers)
        for g in ("focus", "smart")
    )
    assert focus.content == smart.content


def test_only_the_argument_gravity_is_replaced():
    pipeline = parse("watermark:text=focus,gravity=center/crop:width=2,height=2,gravity=focus")
    assert pipeline.uses_focus
    assert "text=focus" in pipeline.at_focus(None).canonical
    assert not pipeline.at_focus(None).uses_focus
    assert not parse("watermark:text=focus").uses_focus
