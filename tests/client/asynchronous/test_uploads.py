"""Uploads, with both clients."""

from __future__ import annotations

import io

import pytest

from progimage.client import (
    Client,
    InvalidCall,
    NotAPicture,
)
from tests.imaging.drawing import quadrants, saved
from tests.system.serving.network import flaky


def test_paths_and_open_files_are_uploaded_alike(call, url, tmp_path, fresh_jpeg):
    path = tmp_path / "a photo.jpg"
    path.write_bytes(fresh_jpeg)
    image = call(url, lambda client: client.upload(path))
    assert image.file_name == "a photo.jpg"
    assert call(url, lambda client: client.upload(str(path))).id == image.id
    with path.open("rb") as file:
        assert call(url, lambda client: client.upload(file)).id == image.id
    begun = io.BytesIO(b"skip" + fresh_jpeg)
    begun.seek(4)
    assert call(url, lambda client: client.upload(begun)).id == image.id


def test_each_result_of_many_uploads_names_its_source(call, url):
    pictures = [saved(quadrants((40 + n, 30)), "PNG") for n in range(12)]
    sources = [*pictures, b"junk", "missing.png"]
    done = call(url, lambda client: client.upload_many(iter(sources), concurrency=4))
    assert len(done) == len(sources)
    good = [item for item in done if item.image]
    assert {item.source for item in good} == set(pictures)
    assert {item.image.width for item in good} == set(range(40, 52))
    failed = {item.source: item.error for item in done if item.error}
    assert isinstance(failed[b"junk"], NotAPicture)
    assert isinstance(failed["missing.png"], InvalidCall)


def test_a_long_list_is_read_no_faster_than_it_is_uploaded(url, jpeg):
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield jpeg

    with Client(url) as client:
        results = client.upload_many(endless(), concurrency=3)
        for _ in range(5):
            next(results)
        results.close()
    assert taken <= 5 + 3 + 3


def test_a_large_picture_survives_a_network_that_breaks(call, server, noise):
    progress = []
    with flaky([server], cut_after=9_000_000) as network:
        image = call(
            f"http://{network.address}",
            lambda client: client.upload(
                noise, title="Noise", tags=["a", "b"], progress=lambda *now: progress.append(now)
            ),
        )
    assert network.cuts >= 2
    assert (image.size_bytes, image.title, image.tags) == (len(noise), "Noise", ("a", "b"))
    assert progress == sorted(progress)
    assert progress[-1] == (len(noise), len(noise))
    with Client("http://{}:{}".format(*server.address)) as client:
        client.delete(image.id)


def test_bytes_that_are_not_an_image_fail_in_chunks_too(call, url):
    with pytest.raises(NotAPicture):
        call(url, lambda client: client.upload(bytes(9 * 2**20)))
