"""Both clients against the real service."""

from __future__ import annotations

import io
import math
import random

import httpx
import pytest
from PIL import Image

from progimage.client import (
    Account,
    Changed,
    Client,
    Conflict,
    Invalid,
    InvalidCall,
    NotAPicture,
    NotFound,
    Pipeline,
    Quota,
    TooLarge,
)
from tests.imaging.drawing import quadrants, saved
from tests.system.serving.network import flaky
from tests.system.serving.server import running
from tools.client import CLIENT, TYPESCRIPT, blocking, operations, typescript


def noisy(megabytes: int) -> Image.Image:
    """Return a picture of which a PNG without compression has about so many megabytes."""
    side = math.ceil(math.sqrt(megabytes * 2**20 / 3))
    return Image.frombytes("RGB", (side, side), random.randbytes(side * side * 3))


@pytest.fixture
def client(url):
    with Client(url) as client:
        yield client


def test_the_generated_files_are_up_to_date():
    assert (CLIENT / "operations.py").read_text("utf-8") == operations(), "run `make client`"
    assert TYPESCRIPT.read_text("utf-8") == typescript(), "run `make client`"
    written = {path.name: path.read_text("utf-8") for path in CLIENT.glob("blocking/*.py")}
    del written["__init__.py"]
    assert written == blocking(), "run `make client`"


def test_an_image_is_uploaded_read_edited_rendered_and_deleted(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg, title="Harbour", tags=["sea", "ü"]))
    assert image.is_new
    assert (image.title, image.tags) == ("Harbour", ("sea", "ü"))
    assert call(url, lambda client: client.get(image.id)) == image
    assert call(url, lambda client: client.read(image.id)) == fresh_jpeg
    again = call(url, lambda client: client.upload(fresh_jpeg))
    assert (again.id, again.is_new) == (image.id, False)
    edited = call(url, lambda client: client.edit(image.id, title="Port", tags=[]))
    assert (edited.title, edited.tags, edited.revision) == ("Port", (), 2)
    small = call(url, lambda client: client.render(image.id, "thumbnail:20x20", "webp"))
    assert Image.open(io.BytesIO(small)).format == "WEBP"
    assert call(url, lambda client: client.purge(image.id)) == 1
    call(url, lambda client: client.delete(image.id))
    with pytest.raises(NotFound) as raised:
        call(url, lambda client: client.get(image.id))
    assert raised.value.type == "urn:progimage:problem:not-found"


@pytest.mark.parametrize("is_large", [False, True], ids=["whole", "chunks"])
def test_an_image_that_is_there_names_the_fields_it_did_not_take(client, fresh_jpeg, is_large):
    data = saved(noisy(9), "PNG", compress_level=0) if is_large else fresh_jpeg
    assert client.upload(data, title="First", tags=["a"]).is_new
    again = client.upload(data, title="Second", tags=["b"])
    assert (again.is_new, again.title, set(again.not_applied)) == (
        False,
        "First",
        {"title", "tags"},
    )
    merged = client.upload(data, title="Second", tags=["b"], on_known="merge")
    assert (merged.title, set(merged.tags), merged.applied) == ("First", {"a", "b"}, ("tags",))
    replaced = client.upload(data, title="Second", on_known="replace")
    assert (replaced.title, replaced.applied, replaced.not_applied) == ("Second", ("title",), ())


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


def test_every_address_of_a_srcset_has_its_width(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg))
    entries = image.srcset([20, 30, 9999], Pipeline().grayscale(), "png").split(", ")
    for entry in entries:
        address, width = entry.removesuffix("w").split(" ")
        picture = Image.open(io.BytesIO(httpx.get(address).content))
        assert picture.width == int(width)
        red, green, blue = picture.convert("RGB").split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
    assert [entry.rpartition(" ")[2] for entry in entries] == ["20w", "30w", f"{image.width}w"]


def test_an_image_is_found_by_its_external_id(call, url, fresh_jpeg):
    name = f"sku {random.randbytes(8).hex()}"
    old = call(url, lambda client: client.upload(fresh_jpeg, external_id=name))
    other = saved(noisy(1), "PNG")
    with pytest.raises(Conflict):
        call(url, lambda client: client.upload(other, external_id=name))
    options = {"external_id": name, "on_external": "replace"}
    new = call(url, lambda client: client.upload(other, **options))
    assert new.external_id == name
    assert [found.id for found in call(url, lambda c: c.search(external_id=name))] == [new.id]
    edited = call(url, lambda client: client.edit(old.id, external_id=f"{name} old"))
    assert edited.external_id == f"{name} old"


def test_the_server_writes_html_for_several_widths(client, fresh_jpeg):
    image = client.upload(fresh_jpeg)
    for pipeline in ("grayscale.png", Pipeline().grayscale().png()):
        found = image.responsive([20, 30], pipeline, sizes="50vw")
        assert [entry.rpartition(" ")[2] for entry in found.srcset.split(", ")] == ["20w", "30w"]
        assert found.picture.startswith("<picture>")
        assert 'sizes="50vw"' in found.img
        assert found.expires == ""
    assert image.responsive().srcset.endswith(f" {image.width}w")


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


def test_calls_with_invalid_arguments_are_not_sent(client):
    calls = [
        lambda: Pipeline().resize(width=4, w=5),
        lambda: Pipeline().tint(),
        lambda: Pipeline().tint("red/blur:9"),
        lambda: client.get("../tags"),
        lambda: client.upload("no such file.jpg"),
        lambda: client.upload(b"x", tags="abc"),
        lambda: client.upload(b"x", tags=["a,b"]),
        lambda: client.edit("a" * 64),
        lambda: client.search(tags_all="abc"),
        lambda: client.upload_many([], concurrency=0),
        lambda: Client("img.example.com"),
    ]
    for make in calls:
        with pytest.raises(InvalidCall):
            list(make() or ())


def test_errors_say_what_would_work(call, url, fresh_jpeg):
    with pytest.raises(NotAPicture, match="Unsupported"):
        call(url, lambda client: client.upload(b"no picture at all"))
    image = call(url, lambda client: client.upload(fresh_jpeg))
    with pytest.raises(Invalid, match="did you mean 'sepia'") as raised:
        call(url, lambda client: client.render(image.id, "sepiaa"))
    assert raised.value.status == 400
    assert raised.value.document["detail"] == raised.value.detail


@pytest.fixture(scope="module")
def strict_url(tmp_path_factory):
    """The address of a server that takes small pictures only."""
    folder = tmp_path_factory.mktemp("strict")
    with running(folder, upload_max_bytes=200_000, deep_enabled="false") as server:
        yield "http://{}:{}".format(*server.address)


@pytest.mark.parametrize("size", [300_000, 9 * 2**20], ids=["whole", "chunks"])
def test_a_picture_that_is_too_large_is_an_error_of_its_own(call, strict_url, size):
    with pytest.raises(TooLarge):
        call(strict_url, lambda client: client.upload(b"x" * size))


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


def test_a_search_goes_through_all_pages(call, url):
    tag = "Wörter & mehr"
    for n in range(5):
        data = saved(quadrants((60 + n, 20)), "PNG")
        call(url, lambda client, data=data: client.upload(data, tags=[tag]))
    found = call(url, lambda client: client.search(tag=tag, page_size=2))
    assert [image.width for image in found] == [64, 63, 62, 61, 60]
    found = call(url, lambda client: client.search(tag=tag, page_size=2, sort="created"))
    assert [image.width for image in found] == [60, 61, 62, 63, 64]
    pages = call(url, lambda client: client.pages(tags_all=[tag], page_size=2))
    assert [len(page.images) for page in pages] == [2, 2, 1]
    assert (pages[0].total, pages[0].total_is_exact) == (5, True)
    [known] = [t for t in call(url, lambda client: client.tags("wör")) if t.name == tag]
    assert known.count == 5


def test_two_edits_of_one_version_do_not_overwrite_each_other(client, fresh_jpeg):
    first = client.upload(fresh_jpeg)
    second = client.get(first.id)
    assert first.edit(title="First").revision == 2
    with pytest.raises(Changed):
        second.edit(title="Second")
    assert second.refresh().title == "First"


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


def test_is_ready_returns_true_for_a_healthy_service(call, url):
    assert call(url, lambda client: client.is_ready()) is True


def test_transforms_lists_the_operations(call, url):
    names = [item["name"] for item in call(url, lambda client: client.transforms())["operations"]]
    assert "thumbnail" in names


def test_a_prerender_job_is_waited_for_and_lists_its_items(client, fresh_jpeg):
    image = client.upload(fresh_jpeg)
    job = client.prerender([image], ["thumbnail.webp", Pipeline().grayscale().png()])
    job = job.wait(timeout_s=30)
    assert (job.kind, job.total, job.complete, job.failed) == ("render", 2, 2, 0)
    assert {item["image"] for item in job.items("complete")} == {image.id}
    assert job.id in [known.id for known in client.jobs()]
    assert "2 of 2" in repr(client.job(job.id))


def test_an_import_that_fails_says_why(client):
    job = client.import_urls(["http://127.0.0.1:1/x.png", "ftp://x/y.png"]).wait(timeout_s=30)
    assert job.failed == 2
    assert all(item["error"] for item in job.items("failed"))


def test_a_job_can_be_cancelled(client, fresh_jpeg):
    image = client.upload(fresh_jpeg)
    job = client.prerender([image], [f"blur:{n}.png" for n in range(1, 60)])
    job.cancel()
    assert job.refresh().status in ("cancelled", "complete")


def test_many_images_are_changed_and_deleted_with_a_result_for_each(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg, tags=["draft"]))
    ids = [image.id, "0" * 64]
    changed = call(
        url, lambda client: client.change_many(ids, add_tags=["sea"], remove_tags=["draft"])
    )
    assert [(result.id, result.status) for result in changed] == [(image.id, 200), ("0" * 64, 404)]
    assert "no picture" in changed[1].detail
    assert call(url, lambda client: client.get(image.id)).tags == ("sea",)
    deleted = call(url, lambda client: client.delete_many(ids))
    assert [result.is_ok for result in deleted] == [True, False]


def test_a_bulk_change_of_nothing_is_not_sent(client):
    with pytest.raises(InvalidCall, match="add_tags"):
        client.change_many(["0" * 64])
    with pytest.raises(InvalidCall, match="lists"):
        client.change_many(["0" * 64], add_tags="sea")


def test_an_album_is_described_ordered_and_shared(call, url, fresh_jpeg):
    first = call(url, lambda client: client.upload(fresh_jpeg))
    second = call(url, lambda client: client.upload(saved(quadrants(), "PNG"))).id
    album = call(
        url, lambda client: client.create_album("Harbours", [first.id], description="At dusk")
    )
    assert (album.description, album.revision) == ("At dusk", 1)
    call(url, lambda client: client.change_album(album.id, add=[second], before=first.id))
    edited = call(
        url,
        lambda client: client.edit_album(album.id, title="Ports", description="", cover=first.id),
    )
    assert (edited.title, edited.description, edited.cover) == ("Ports", "", first.id)
    assert edited == call(url, lambda client: client.album(album.id))
    found = call(url, lambda client: client.album_images(album.id))
    assert [image.id for image in found] == [second, first.id]
    ordered = call(
        url, lambda client: client.edit_album(album.id, images=[first.id, second], cover="")
    )
    assert (ordered.cover, ordered.count) == (first.id, 2)
    found = call(url, lambda client: client.album_images(album.id))
    assert [image.id for image in found] == [first.id, second]


def test_an_edit_of_an_album_is_made_on_top_of_edits_by_others(client, fresh_jpeg, monkeypatch):
    album = client.create_album("Harbours", [client.upload(fresh_jpeg).id])
    request = client._session.request

    def edited_meanwhile(sent):
        if sent.method == "PATCH":
            monkeypatch.setattr(client._session, "request", request)
            client.edit_album(album.id, description="by another")
        return request(sent)

    monkeypatch.setattr(client._session, "request", edited_meanwhile)
    edited = client.edit_album(album.id, title="Ports")
    assert (edited.title, edited.description) == ("Ports", "by another")


def test_an_edit_of_an_album_that_changes_nothing_is_not_sent(client):
    with pytest.raises(InvalidCall, match="needs a title"):
        client.edit_album("0" * 32)


def test_rights_are_read_and_edited(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg))
    assert image.rights == ""
    licence = "http://creativecommons.org/licenses/by/4.0/"
    assert call(url, lambda client: client.edit(image.id, rights=licence)).rights == licence
    assert call(url, lambda client: client.edit(image.id, rights="")).rights == ""


def test_an_album_is_created_changed_read_and_deleted(call, url, fresh_jpeg):
    image = call(url, lambda client: client.upload(fresh_jpeg))
    album = call(url, lambda client: client.create_album("Harbours", [image.id]))
    assert (album.title, album.cover, album.count) == ("Harbours", image.id, 1)
    assert album in call(url, lambda client: client.albums())
    changed = call(
        url, lambda client: client.change_album(album.id, add=["0" * 64], remove=[image.id])
    )
    assert [(result.id, result.status) for result in changed] == [("0" * 64, 404)]
    assert call(url, lambda client: client.album_images(album.id)) == []
    call(url, lambda client: client.delete_album(album.id))
    with pytest.raises(NotFound):
        call(url, lambda client: client.album_images(album.id))


def test_an_account_has_a_quota_where_the_server_has_quotas():
    limited = {"pictures": 3, "size_bytes": 70, "max_pictures": 9, "max_size_bytes": 0}
    answered = {"username": "ann", "is_admin": False, "quota": limited}
    assert Account.of(answered) == Account("ann", quota=Quota(3, 70, 9, 0))
    assert Account.of({"username": "ann", "quota": None}).quota is None
