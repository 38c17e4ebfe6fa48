"""`/jobs/` over HTTP: what is accepted, what is answered, to which client."""

from __future__ import annotations

import json

import pytest
from falcon import testing

from progimage.config import Settings
from progimage.errors import StoreUnavailable
from progimage.server import app
from tests.api.conftest import assert_problem, upload
from tests.inline_pool import InlinePool
from tests.jobs.conftest import run
from tests.people import AUTH


@pytest.fixture
def service(store):
    return app.create(Settings.model_validate({}), store, InlinePool())


@pytest.fixture
def client(service) -> testing.TestClient:
    return testing.TestClient(service)


@pytest.fixture
def image_id(client, png) -> str:
    return upload(client, png).split("/")[2]


def send(client, headers=None, **fields) -> testing.Result:
    return client.simulate_post("/jobs/", json=fields, headers=headers)


def created(client, headers=None, **fields) -> str:
    """Create a job and return its path."""
    result = send(client, headers, **fields)
    assert result.status_code == 202, result.text[:2000]
    return f"/jobs/{result.json['id']}/"


def test_a_job_is_accepted_at_once_with_its_location(client, image_id):
    result = send(client, images=[image_id, ""], transforms=["thumbnail.webp"])
    assert result.status_code == 202
    job = result.json
    assert result.headers["location"].endswith(f"/jobs/{job['id']}/")
    assert job["jobId"] == job["id"]
    assert (job["status"], job["finished"]) == ("pending", None)
    assert job["counts"] == {"total": 2, "pending": 2, "complete": 0, "failed": 0}
    assert [entry["index"] for entry in job["uploaded"]["pending"]] == [0, 1]
    assert client.simulate_get(f"/jobs/{job['id']}").json == job


def test_a_finished_render_job_lists_urls_that_are_in_the_cache(service, client, image_id):
    path = created(client, images=[image_id, image_id], transforms=["sepia", "thumbnail.webp"])
    run(service.runner)
    job = client.simulate_get(path).json
    assert job["status"] == "complete"
    assert job["finished"].endswith("Z")
    assert [(entry["index"], entry["transform"]) for entry in job["uploaded"]["complete"]] == [
        (0, "sepia"),
        (0, "thumbnail.webp"),
        (1, "sepia"),
        (1, "thumbnail.webp"),
    ]
    for entry in job["uploaded"]["complete"]:
        result = client.simulate_get(entry["url"].removeprefix("http://falconframework.org"))
        assert result.status_code == 200
        assert result.headers["x-cache"] == "hit"


def test_pictures_can_be_chosen_by_a_search(service, client, png, jpeg):
    upload(client, png, params={"tags": "sea"})
    upload(client, jpeg, params={"tags": "sky"})
    path = created(client, images={"tags_all": ["sea"]}, transforms=["blur"])
    run(service.runner)
    assert client.simulate_get(path).json["counts"]["complete"] == 1
    assert_problem(send(client, images={"tag": "hill"}, transforms=["blur"]), 400, "images")
    assert_problem(send(client, images={"tagg": "hill"}, transforms=["blur"]), 400, "tagg")
    assert_problem(send(client, images={"tag": 3}, transforms=["blur"]), 400, "images.tag")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "expected 'urls'"),
        ({"urls": ["a"], "images": ["b"], "transforms": ["blur"]}, "expected 'urls'"),
        ({"images": ["b"]}, "transforms"),
        ({"transforms": ["blur"]}, "images"),
        ({"images": "abc", "transforms": ["blur"]}, "images: expected a list"),
        ({"images": [], "transforms": ["blur"]}, "images: expected a list of 1 to"),
        (
            {"images": ["x"] * 10_001, "transforms": ["blur"]},
            "images: expected a list of 1 to 10,000 entries",
        ),
        ({"images": ["x"] * 5_001, "transforms": ["blur", "sepia"]}, "10,000 items"),
        ({"images": ["x"], "transforms": ["blurr"]}, "transforms[0]"),
        ({"images": ["x"], "transforms": []}, "transforms: expected a list of 1 to"),
        ({"images": ["x"], "transforms": "blur"}, "transforms: expected a list"),
        ({"images": ["x"], "transforms": ["blur"], "title": "x"}, "title"),
        ({"urls": "http://example.com/a.png"}, "urls: expected a list"),
        ({"urls": []}, "urls: expected a list of 1 to"),
        ({"urls": ["a"] * 10_001}, "urls: expected a list of 1 to 10,000"),
        ({"urls": ["a"], "title": 3}, "title: expected a string"),
        ({"urls": ["a"], "visibility": "secret"}, "visibility: expected one of public, private"),
        ({"urls": ["a"], "colour": "red"}, "colour: no such field"),
        ({"urls": ["a"], "publish": "imgur"}, "publish.imgur_client_id"),
        ({"urls": ["a"], "album": "a"}, "album: allowed only with 'publish'"),
        ({"urls": ["a"], "publish": "imgur", "album": "../x"}, "album: expected a string"),
    ],
)
def test_only_what_is_wrong_with_the_whole_is_refused(client, fields, words):
    assert_problem(client.simulate_post("/jobs/", json=fields), 400, words)


def test_a_search_for_half_a_surrogate_pair_is_refused(client):
    body = rb'{"images": {"tag": "\ud800"}, "transforms": ["blur"]}'
    headers = {"Content-Type": "application/json"}
    result = client.simulate_post("/jobs/", body=body, headers=headers)
    assert_problem(result, 400, "tag: expected text")


@pytest.mark.parametrize("body", ["[]", "nonsense", '{"images": NaN', '"x"'])
def test_a_body_that_is_no_json_object_is_refused(client, body):
    headers = {"Content-Type": "application/json"}
    assert_problem(client.simulate_post("/jobs/", body=body, headers=headers), 400)


def test_a_body_of_another_kind_is_refused_with_a_hint(client):
    assert_problem(client.simulate_post("/jobs/", body="a=b"), 415, "application/json")


def test_no_more_jobs_are_taken_than_may_wait(service, make_client, store, png):
    client = make_client(jobs={"max_waiting": 2})
    for _ in range(2):
        created(client, images=["x"], transforms=["blur"])
    refused = send(client, images=["x"], transforms=["blur"])
    assert_problem(refused, 503, "2 jobs")
    assert refused.headers["retry-after"] == "60"
    run(service.runner)
    created(client, images=["x"], transforms=["blur"])


def test_entries_may_be_any_json_and_fail_alone(service, client, image_id):
    deep = "[" * 900 + "]" * 900
    body = f'{{"images": [{deep}, null, {{}}, 1e400, "{image_id}"], "transforms": ["blur"]}}'
    headers = {"Content-Type": "application/json"}
    result = client.simulate_post("/jobs/", body=body, headers=headers)
    assert result.status_code == 202
    run(service.runner)
    job = client.simulate_get(f"/jobs/{result.json['id']}").json
    assert [entry["index"] for entry in job["uploaded"]["failed"]] == [0, 1, 2, 3]


def test_imports_are_refused_where_nothing_is_fetched(make_client):
    client = make_client(download={"enabled": False})
    assert_problem(send(client, urls=["https://example.com/a.jpg"]), 400, "does not fetch")


def test_long_lists_come_in_pages_in_order_and_by_state(service, client, image_id):
    path = created(client, images=[image_id, *map(str, range(249))], transforms=["blur"])
    run(service.runner)
    seen, url = [], f"{path}?limit=90"
    while url:
        page = client.simulate_get(url).json
        assert page["counts"]["total"] == 250
        entries = [entry for entries in page["uploaded"].values() for entry in entries]
        assert len(entries) <= 90
        seen += entries
        url = page["next"]
    assert sorted(entry["index"] for entry in seen) == list(range(250))
    complete = client.simulate_get(f"{path}?state=complete").json
    assert [entry["image"] for entry in complete["uploaded"]["complete"]] == [image_id]
    assert (complete["uploaded"]["failed"], complete["next"]) == ([], None)
    counts = client.simulate_get(f"{path}?limit=0").json
    assert counts["uploaded"] == {"pending": [], "complete": [], "failed": []}
    failed = client.simulate_get(f"{path}?state=failed&limit=2").json
    assert [entry["index"] for entry in failed["uploaded"]["failed"]] == [1, 2]
    following = client.simulate_get(failed["next"]).json["uploaded"]["failed"]
    assert [entry["index"] for entry in following] == [3, 4]


@pytest.mark.parametrize("query", ["limit=1001", "limit=x", "cursor=-1", "state=lost", "page=2"])
def test_a_page_that_cannot_be_is_refused(client, image_id, query):
    path = created(client, images=[image_id], transforms=["blur"])
    assert_problem(client.simulate_get(f"{path}?{query}"), 400, query.partition("=")[0])


def test_jobs_are_listed_newest_first(client, image_id):
    sent = [created(client, images=[image_id], transforms=["blur"]) for _ in range(5)]
    seen, url = [], "/jobs/?limit=2"
    while url:
        page = client.simulate_get(url).json
        seen += [job["_links"]["self"]["href"] for job in page["data"]]
        url = page["next"]
    assert seen == sent[::-1]
    for cursor in ("x", "../x", "0" * 60):
        assert_problem(client.simulate_get("/jobs/", params={"cursor": cursor}), 400, "cursor")


def test_a_cancelled_job_begins_nothing_more(service, client, image_id):
    path = created(client, images=[image_id], transforms=["blur"])
    assert client.simulate_delete(path).status_code == 204
    assert client.simulate_delete(path).status_code == 204
    run(service.runner)
    job = client.simulate_get(path).json
    assert (job["status"], job["counts"]["pending"]) == ("cancelled", 1)


def test_a_job_that_is_not_there_is_not_found(client):
    for job_id in ("0" * 32, "x", "%2e%2e"):
        for method in ("GET", "DELETE"):
            assert_problem(client.simulate_request(method, f"/jobs/{job_id}/"), 404, "no job")


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_others_jobs_are_neither_listed_nor_found_nor_cancelled(make_person, make_client, mode):
    auth = {**AUTH, "mode": mode}
    ann, bob = make_person("ann", auth), make_person("bob", auth)
    path = created(ann, images=["x"], transforms=["blur"])
    assert bob.simulate_get("/jobs/").json["data"] == []
    for method in ("GET", "DELETE"):
        assert_problem(bob.simulate_request(method, path), 404, "no job")
    anybody = make_client(auth=auth)
    status = 404 if mode == "optional" else 401
    for method in ("GET", "DELETE"):
        assert_problem(anybody.simulate_request(method, path), status)
    assert [job["status"] for job in ann.simulate_get("/jobs/").json["data"]] == ["pending"]


def test_jobs_from_before_accounts_were_required_are_hidden(make_client):
    path = created(make_client(), images=["x"], transforms=["blur"])
    stranger = make_client(auth=AUTH | {"mode": "required"})
    for url in (path, "/jobs/"):
        assert_problem(stranger.simulate_get(url), 401)


def events(result: testing.Result) -> list[tuple[str, dict]]:
    found = []
    for block in result.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_a_stream_of_a_finished_job_sends_one_event_and_ends(service, client, image_id):
    path = created(client, images=[image_id], transforms=["blur"])
    run(service.runner)
    result = client.simulate_get(path, headers={"Accept": "text/event-stream"})
    assert result.headers["content-type"] == "text/event-stream"
    [(name, job)] = events(result)
    assert (name, job["status"], job["counts"]["complete"]) == ("finished", "complete", 1)
    # So a browser's EventSource does not come again.
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "finished"}
    assert client.simulate_get(path, headers=headers).status_code == 204


def test_streams_are_bounded_and_their_places_given_back(store, png):
    service = app.create(Settings.model_validate({"jobs": {"streams": 4}}), store, InlinePool())
    client = testing.TestClient(service)
    path = created(client, images=[upload(client, png).split("/")[2]], transforms=["blur"])
    headers = {"Accept": "text/event-stream"}

    def open_stream():
        environ = testing.create_environ(path.rstrip("/"), headers=headers)
        return service(environ, testing.StartResponseMock())

    streams = [open_stream(), open_stream()]
    refused = client.simulate_get(path, headers=headers)
    assert_problem(refused, 503, "streams")
    assert "retry-after" in refused.headers
    assert client.simulate_get(path).status_code == 200
    first = iter(streams[0])
    assert b"retry" in next(first)
    assert b"pending" in next(first)
    for stream in streams:  # one of them was never read
        stream.close()
    for stream in (open_stream(), open_stream()):
        stream.close()


def test_a_stream_outlasts_trouble_of_the_store(service, client, image_id, store, monkeypatch):
    path = created(client, images=[image_id], transforms=["blur"])
    run(service.runner)
    monkeypatch.setattr("progimage.api.responses.events.LOOK_S", 0.0)
    listing, troubles = store.open, iter([False, True, True])

    def open_(key, start=0, length=None):
        if next(troubles, False):
            raise StoreUnavailable("away")
        return listing(key, start, length)

    monkeypatch.setattr(store, "open", open_)
    found = events(client.simulate_get(path, headers={"Accept": "text/event-stream"}))
    assert [name for name, _ in found] == ["finished"]


def test_a_stream_ends_when_the_process_is_to_end(service, client, image_id):
    path = created(client, images=[image_id], transforms=["blur"])
    service.begin_to_stop()
    assert events(client.simulate_get(path, headers={"Accept": "text/event-stream"})) == []


def test_renders_of_a_job_keep_to_the_bounds_of_the_cache(store, png):
    service = app.create(
        Settings.model_validate({"cache": {"max_rendition_bytes": 0}}), store, InlinePool()
    )
    client = testing.TestClient(service)
    image_id = upload(client, png).split("/")[2]
    path = created(client, images=[image_id], transforms=["sepia"])
    run(service.runner)
    assert client.simulate_get(path).json["status"] == "complete"
    assert list(store.list("renders/")) == []
