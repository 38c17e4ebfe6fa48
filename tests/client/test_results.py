"""Answers of the server as values; what an older server leaves out is empty."""

from __future__ import annotations

from progimage.client.results import Account, Album, BulkResult, Quota, Responsive


def test_a_bulk_result_is_an_error_unless_its_status_says_otherwise():
    assert BulkResult.of({"id": "a", "status": 204}).is_ok
    assert not BulkResult.of({"id": "a", "status": 404, "detail": "gone"}).is_ok
    assert BulkResult.of({}) == ("", 500, "")


def test_an_album_of_another_account_has_less():
    album = Album.of({"id": "a", "title": "Ports", "visibility": "public", "cover": None})
    assert (album.cover, album.count, album.owner, album.revision) == ("", 0, "", 0)


def test_an_account_may_have_a_quota():
    assert Account.of({"username": "ann"}) == Account("ann")
    sent = {"username": "ann", "is_admin": True, "quota": {"pictures": 3, "max_pictures": 9}}
    assert Account.of(sent) == Account("ann", True, Quota(3, 0, 9, 0))


def test_html_of_a_responsive_image():
    assert Responsive.of({"srcset": "a 1x", "img": "<img>"}) == ("a 1x", "<img>", "", "")
