"""Access logs, read before a switch."""

from __future__ import annotations

from progimage.api.fronts.translate import translate

AT = "10.0.0.1 - - [29/Nov/2026:01:00:00 +0000]"
LOG = [
    f'{AT} "GET /sig/rs:fill:300:200/plain/s3://m/a.jpg HTTP/1.1" 200 1',
    f'{AT} "GET /sig/rs:fill:640:480/plain/s3://m/b.jpg?x=1 HTTP/2.0" 200 1',
    "https://img.example.com/sig/bd:5/plain/s3://m/a.jpg",
    f'{AT} "POST /x HTTP/1.1" 200 1',
]


def test_urls_of_one_kind_are_counted_together():
    found = translate(LOG, "imgproxy")
    refused, understood = found.most_frequent()
    assert (understood.count, understood.is_understood) == (2, True)
    assert understood.outcome.startswith("resize:")
    assert (refused.count, refused.is_understood) == (1, False)
    assert "blur_detections" in refused.outcome
    assert found.lines_without == 1
    assert found.counts == {True: 2, False: 1}


def test_thumbors_signature_is_passed_over():
    found = translate(["/abc=/300x200/smart/a.jpg", "/unsafe/300x200/a.jpg"], "thumbor")
    assert found.counts == {True: 2}


def test_a_prefix_is_taken_off():
    found = translate(["/img/sig/w:30/plain/a.jpg", "/other/a.jpg"], "imgproxy", "/img")
    assert (found.counts, found.lines_without) == ({True: 1}, 1)
