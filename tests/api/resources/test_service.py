"""The root, the operations, the probes, and the one shape of every error."""

from __future__ import annotations

import pytest

from progimage import errors
from progimage.api.responses import problems
from progimage.errors import ProgImageError, StoreUnavailable
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem


def families(family: type[ProgImageError]) -> list[type[ProgImageError]]:
    return [family, *(kind for child in family.__subclasses__() for kind in families(child))]


@pytest.mark.parametrize("family", families(ProgImageError), ids=lambda family: family.__name__)
def test_every_error_of_ours_is_a_client_or_service_problem(family):
    if family in (ProgImageError, errors.ConfigError):
        return
    kind = problems.kind_of(family("what, where, what would work"))
    assert 400 <= kind.status < 500 or kind.status in (502, 503)
    assert (kind.retry_after_s is not None) == (kind.status == 503)


def test_an_error_we_did_not_foresee_tells_nothing(client, store, monkeypatch, uploaded):
    def broken(*_):
        raise RuntimeError("/srv/secret: password=hunter2")

    monkeypatch.setattr(store, "open", broken)
    result = client.simulate_get(uploaded)
    assert_problem(result, 500)
    assert "secret" not in result.text
    assert "Traceback" not in result.text


class DownStore(MemoryStore):
    """A store that does not answer."""

    def put(self, key, source, *, media_type, expect=None):
        raise StoreUnavailable("the store did not answer in time")

    def open(self, key, start=0, length=None):
        raise StoreUnavailable("the store did not answer in time")


class TestWithoutStore:
    @pytest.fixture
    def store(self) -> MemoryStore:
        return DownStore()

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", f"/images/{'0' * 64}/"),
            ("GET", f"/images/{'0' * 64}/thumbnail.webp"),
            ("DELETE", f"/images/{'0' * 64}/"),
            ("GET", "/health/ready"),
        ],
    )
    def test_a_store_that_is_away_is_503_with_retry_after(self, client, method, path):
        result = client.simulate_request(method, path)
        assert_problem(result, 503, "did not answer")
        assert int(result.headers["retry-after"]) >= 1

    def test_the_process_is_alive_all_the_same(self, client):
        assert client.simulate_get("/health/live").json == {"status": "ok"}


def test_ready_touches_the_store_and_leaves_nothing(client, store):
    assert client.simulate_get("/health/ready").json == {"status": "ok"}
    assert list(store.list("")) == []


def test_the_root_leads_to_everything(client):
    links = client.simulate_get("/").json["_links"]
    for link in links.values():
        if not link.get("templated"):
            assert client.simulate_get(link["href"]).status_code in (200, 403, 405)


def test_the_root_tells_whether_there_are_accounts(make_client):
    assert make_client().simulate_get("/").json["auth"]["mode"] == "off"
    auth = {"mode": "optional", "secret": "development", "registration": "open"}
    told = make_client(auth=auth).simulate_get("/").json["auth"]
    assert told == {"mode": "optional", "registration": "open"}


def test_transforms_lists_every_operation_with_a_working_example(client, uploaded):
    listed = client.simulate_get("/transforms/").json
    assert len(listed["operations"]) >= 35
    for operation in listed["operations"]:
        assert operation["summary"]
        assert operation["arguments"]["type"] == "object"
        form = "" if operation["name"] == "format" else "/format:png"
        example = client.simulate_get(uploaded + operation["example"] + form)
        assert example.status_code == 200, (operation["example"], example.text)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("PUT", "/images/", 405),
        ("POST", "/transforms/", 405),
        ("PATCH", f"/images/{'0' * 64}/", 405),
        ("GET", "/images/%2e%2e/%2e%2e/etc/passwd", 404),
    ],
)
def test_what_does_not_exist_has_the_one_shape_too(client, method, path, status):
    assert_problem(client.simulate_request(method, path), status)


@pytest.mark.parametrize("query", ["%ff=1", "&".join("a=1" for _ in range(101))])
def test_a_query_we_cannot_read_is_400(client, uploaded, query):
    assert_problem(client.simulate_get(uploaded + "blur", query_string=query), 400, "query")


def test_every_answer_has_a_request_id_and_a_good_one_is_taken_over(client):
    drawn = client.simulate_get("/").headers["x-request-id"]
    kept = client.simulate_get("/", headers={"X-Request-Id": "trace-7"}).headers["x-request-id"]
    spoilt = client.simulate_get("/", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
    assert kept == "trace-7"
    assert len({drawn, kept, spoilt}) == 3
