"""Nothing is left of an erased account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from falcon import testing

from progimage import keys
from progimage.access.accounts.administration import Administration
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.users import Users
from progimage.config import Settings
from progimage.errors import StoreUnavailable
from progimage.library.events import Subject
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keys import SHELVES
from progimage.library.index.packed import unpack
from progimage.library.index.shelf import Shelf
from progimage.maintenance.check import Check
from progimage.maintenance.erase import erase
from progimage.server import app
from progimage.stores.memory import MemoryStore
from progimage.webhooks.events import StoredEvent, event_id
from progimage.webhooks.queue import Queue, enqueue
from tests.api.conftest import upload
from tests.imaging.drawing import quadrants, saved
from tests.inline_pool import InlinePool
from tests.jobs.conftest import run
from tests.people import AUTH, PASSWORD, headers_of
from tests.stored import keys_outside_index

PICTURES = [saved(quadrants((48 + n, 32)), "PNG") for n in range(3)]


class Mortal(MemoryStore):
    """Refuses every removal after so many."""

    left = 1_000_000

    def delete(self, *arguments, **named):
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("gone")
        return super().delete(*arguments, **named)


@pytest.fixture
def store() -> Mortal:
    return Mortal()


def service_of(store) -> app.Service:
    return app.create(Settings.model_validate({"auth": AUTH}), store, InlinePool())


@pytest.fixture
def service(store) -> app.Service:
    return service_of(store)


def everything(store) -> set[str]:
    return keys_outside_index(store)


def live(service, store, name: str) -> list[str]:
    """Have an account do all there is to do; return the paths of its pictures."""
    client = testing.TestClient(service, headers=headers_of(store, name))
    fields = f"title=Harbour+of+{name}&tags=sea,{name}"
    paths = [upload(client, data, query_string=fields) for data in PICTURES]
    hidden = [path.split("/")[2] for path in paths[:1]]
    client.simulate_patch("/images/", json={"images": hidden, "visibility": "private"})
    for path in paths:
        assert client.simulate_get(path + "sepia.png").status_code == 200
    requested = {"images": {"owner": "me"}, "transforms": ["blur:2.png"]}
    assert client.simulate_post("/jobs/", json=requested).status_code == 202
    run(service.runner)
    assert client.simulate_post("/jobs/", json={"urls": ["https://a.example/"]}).status_code == 202
    assert client.simulate_post("/uploads/", json={"title": "Late"}).status_code == 201
    return paths


def test_nothing_is_left_and_nothing_of_others_is_touched(service, store):
    live(service, store, "bob")
    run(service.runner)
    before = everything(store)
    live(service, store, "ann")
    kinds = [erased.kind for erased in erase(store, "ann")]
    assert kinds == ["job"] * 2 + ["upload"] + ["picture"] * 3 + ["account"]
    assert everything(store) == before
    assert list(erase(store, "ann")) == []


@pytest.mark.parametrize("is_folded", [True, False], ids=["in shelves", "announced"])
def test_no_word_of_the_erased_is_left_in_the_index(service, store, is_folded):
    """Neither in shelves that count nor in those that they replaced."""
    for name in ("bob", "ann"):
        live(service, store, name)
        if is_folded:
            fold(Index(store), 1)
    if is_folded:
        assert b"wann\n" in b"".join(uncompressed(store))
    list(erase(store, "ann"))
    found = b"".join(uncompressed(store))
    assert b"wann\n" not in found
    assert b'"owner":"ann"' not in found
    assert b"oann\n" not in found
    assert b"wbob\n" in found
    assert b'"owner":"bob"' in found


def uncompressed(store) -> list[bytes]:
    """Return the dictionaries of all shelves and the records in them as they can be read."""
    found = []
    for stat in list(store.list(SHELVES)):
        with store.open(stat.key) as reader:
            shelf = Shelf(reader.read())
        found.append(shelf.data)
        found += [unpack(shelf.packed(ordinal)) for ordinal in range(shelf.n)]
    return found


@pytest.mark.parametrize("deaths", range(0, 24, 3))
def test_a_run_that_was_cut_short_anywhere_is_run_again(service, store, deaths):
    before = everything(store)
    live(service, store, "ann")
    store.left = deaths
    with pytest.raises(StoreUnavailable):
        list(erase(store, "ann"))
    assert Users(store).find("ann").is_disabled
    store.left = 1_000_000
    list(erase(store, "ann"))
    list(Check(store, repair=True, grace=timedelta(0)).run())
    assert everything(store) == before


def test_a_reused_name_is_a_new_account(store):
    administration = Administration(Users(store), Passwords())
    tokens = []
    for _ in range(2):
        administration.add("ann", PASSWORD)
        client = testing.TestClient(service_of(store))
        fields = {"username": "ann", "password": PASSWORD}
        tokens.append(client.simulate_post("/tokens/", json=fields).json["access_token"])
        if len(tokens) == 1:
            list(erase(store, "ann"))
    statuses = [
        client.simulate_get("/users/me/", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in tokens
    ]
    assert statuses == [401, 200]


def test_check_removes_what_others_made_with_a_picture_that_is_gone(service, store):
    mark, *_ = live(service, store, "ann")[1:]
    client = testing.TestClient(service, headers=headers_of(store, "bob"))
    path = upload(client, PICTURES[0])
    made = client.simulate_get(f"{path}watermark:image={mark.split('/')[2]}.png")
    assert made.status_code == 200
    before = everything(store)
    assert not list(Check(store).run())
    list(erase(store, "ann"))
    [found] = Check(store, repair=True).run()
    assert (found.kind, found.repaired) == ("rendition without picture", True)
    assert keys.ids_shown_in(found.key) == {path.split("/")[2], mark.split("/")[2]}
    assert found.key in before


def test_given_up_events_about_the_erased_are_removed_and_no_others(store):
    for owner in ("ann", "bob"):
        event = StoredEvent(
            id=event_id("image.created", Subject(f"of {owner}")),
            type="image.created",
            created=datetime.now(UTC),
            data={"id": "1", "owner": owner, "title": f"Harbour of {owner}"},
        )
        enqueue(store, "shop", event)
        queue = Queue(store, "shop")
        for key in list(queue.waiting()):
            queue.give_up(key, event)
    list(erase(store, "ann"))
    assert [queue.read(key).data["owner"] for key in queue.failed()] == ["bob"]
