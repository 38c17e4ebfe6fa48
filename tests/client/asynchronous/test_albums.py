"""Albums, with both clients."""

from __future__ import annotations

import pytest

from progimage.client import (
    InvalidCall,
    NotFound,
)
from tests.imaging.drawing import quadrants, saved


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
    session = client._session
    request = session.request

    def edited_meanwhile(sent):
        if sent.method == "PATCH":
            monkeypatch.setattr(session, "request", request)
            client.edit_album(album.id, description="by another")
        return request(sent)

    monkeypatch.setattr(session, "request", edited_meanwhile)
    edited = client.edit_album(album.id, title="Ports")
    assert (edited.title, edited.description) == ("Ports", "by another")


def test_an_edit_of_an_album_that_changes_nothing_is_not_sent(client):
    with pytest.raises(InvalidCall, match="needs a title"):
        client.edit_album("0" * 32)


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
