"""Jobs, with both clients."""

from __future__ import annotations

from progimage.client import (
    Pipeline,
)


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
