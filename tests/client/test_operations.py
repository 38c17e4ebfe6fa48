"""Operations of pipelines as methods of the client."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from progimage.client import (
    Pipeline,
)
from tests.imaging.drawing import quadrants, saved


def test_operations_are_methods_that_build_a_pipeline(client, fresh_jpeg, tmp_path):
    image = client.upload(fresh_jpeg)
    rendition = image.resize(w=30, h=20, fit="fill").grayscale().webp()
    assert str(rendition.pipeline) == "resize:fit=fill,width=30,height=20/grayscale.webp"
    assert Image.open(io.BytesIO(rendition.read())).size == (30, 20)
    assert rendition.save(tmp_path / "small.webp") == (len(rendition.read()), "image/webp")
    assert image.png().path == f"/images/{image.id}.png"
    assert Image.open(io.BytesIO(image.png().read())).format == "PNG"
    assert image.render("thumbnail:9x9", "png").read()[:4] == b"\x89PNG"
    assert repr(image).startswith(f"<Image {image.id[:12]}")
    assert "grayscale" in repr(rendition)


def test_an_image_is_a_watermark_of_another(client, fresh_jpeg):
    image = client.upload(fresh_jpeg)
    logo = client.upload(saved(quadrants((41, 33)), "PNG"))
    assert Image.open(io.BytesIO(image.watermark(image=logo).png().read())).width == image.width


@pytest.mark.parametrize(
    "pipeline",
    [
        Pipeline().watermark(text="Uebung, 50% / ~ & Co?").jpeg(),
        Pipeline().watermark(text="~tilde", colour="#ff8800", opacity=0.5, tile=True),
        Pipeline().crop(0, 0, 5, 5).rotate(12.3456, bg="transparent").pad(t=3, l=2),
        Pipeline().crop(w=5, h=5, gravity="0.3x0.7").blur(1e-4).auto(),
        Pipeline().compress(bytes=90000).strip(keep="exif").format("png"),
    ],
    ids=str,
)
def test_the_server_accepts_what_the_methods_write(client, fresh_jpeg, pipeline):
    image = client.upload(fresh_jpeg)
    assert client.render(image.id, pipeline)
    assert client.transform(fresh_jpeg, pipeline)
