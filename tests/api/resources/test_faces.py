"""Faces over HTTP: crops that keep them, and renditions without them."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from progimage.imaging import faces, inspection
from tests.api.conftest import assert_problem, upload
from tests.imaging.drawing import quadrants, saved
from tests.imaging.portraits import BACKGROUND, portrait

FACE = portrait((900, 300), (20, 50))


def picture(client, path: str) -> Image.Image:
    result = client.simulate_get(path)
    assert result.status_code == 200, result.text[:2000]
    return Image.open(io.BytesIO(result.content)).convert("RGB")


def test_a_crop_keeps_the_face(client):
    path = upload(client, saved(FACE, "PNG"))
    assert len(client.simulate_get(f"{path}metadata/").json["faces"]) == 1
    cut = picture(client, f"{path}resize:300x300,fit=cover,gravity=face.png")
    assert ImageChops.difference(cut, FACE.crop((0, 0, 300, 300))).getbbox() is None


def test_redacted_faces_are_gone_and_the_rest_stays(client):
    path = upload(client, saved(FACE, "PNG"))
    done = picture(client, f"{path}redact:faces.png")
    face = (80, 120, 160, 230)
    assert len(done.crop(face).getcolors(10_000) or []) < 70
    assert ImageChops.difference(done, FACE).getbbox()[2] < 250
    assert done.getpixel((600, 150)) == BACKGROUND


def test_without_a_face_there_is_smart_and_nothing_to_redact(client):
    path = upload(client, saved(quadrants((90, 30)), "PNG"))
    one = client.simulate_get(f"{path}crop:30x30,gravity=face.png")
    other = client.simulate_get(f"{path}crop:30x30,gravity=smart.png")
    assert one.content == other.content
    assert one.headers["etag"] == other.headers["etag"]
    assert picture(client, f"{path}redact:faces.png").size == (90, 30)


def test_faces_of_later_frames_are_not_left_visible(client):
    """They are only looked for in the first one, so redacting them is an error."""
    frames = [Image.new("RGB", FACE.size, BACKGROUND), FACE]
    path = upload(client, saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert_problem(client.simulate_get(f"{path}redact:faces.gif"), 400, "first frame")
    assert_problem(client.simulate_get(f"{path}page:2/redact:faces.png"), 400, "first page")
    assert client.simulate_get(f"{path}crop:30x30,gravity=face.gif").status_code == 200


def test_without_the_extra_crops_are_smart_and_redacting_names_it(client, monkeypatch):
    for module in (faces, inspection):
        monkeypatch.setattr(module, "IS_INSTALLED", False)
    path = upload(client, saved(FACE, "PNG"))
    assert client.simulate_get(f"{path}metadata/").json["faces"] is None
    assert client.simulate_get(f"{path}crop:30x30,gravity=face.png").status_code == 200
    assert_problem(client.simulate_get(f"{path}redact:faces.png"), 400, "the extra 'faces'")


@pytest.mark.parametrize("step", ["redact:faces", "thumbnail/redact:faces", "redact:2x2x2x2"])
def test_an_impossible_redaction_is_400(client, step):
    result = client.simulate_post(
        f"/on_demand/{step}.png", body=saved(FACE, "PNG"), headers={"Content-Type": "image/png"}
    )
    assert_problem(result, 400, "redact")
