"""Pages of other sites can neither change anything nor read by another name of the service."""

from __future__ import annotations

import pytest
from falcon import testing

from tests.api.conftest import assert_problem

IMAGE = {"Content-Type": "image/jpeg"}
SERVER = {"public_url": "https://img.example.com", "hosts": ["pictures.lan", "*.corp.example"]}


@pytest.fixture
def client(make_client) -> testing.TestClient:
    return make_client(server=SERVER, cors={"origins": ["https://app.example.com"]})


def post(client, jpeg, host="localhost", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.simulate_post("/images/", body=jpeg, headers={**IMAGE, **named}, host=host)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "console.localhost", "127.0.0.1", "[::1]", "192.0.2.7", "[2001:db8::1]"),
        *("img.example.com", "IMG.example.com", "pictures.lan", "a.corp.example"),
    ],
)
@pytest.mark.parametrize("port", ["", ":8000"])
def test_the_service_is_known_by_its_names_and_by_any_address(client, host, port):
    assert client.simulate_get("/images/", headers={"Host": host + port}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example"),
        *("corp.example", "xcorp.example", "img.example.com.attacker.example", "0x7f000001"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_a_foreign_name_that_resolves_to_the_server_is_refused(client, host, method):
    answer = client.simulate_request(method, "/images/", headers={"Host": f"{host}:8000"})
    assert_problem(answer, 421, "server.hosts")


def test_probes_may_name_any_host(client):
    answer = client.simulate_get("/health/live", headers={"Host": "progimage.default.svc"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.attacker.example"},
        {"Origin": "http://localhost:1234"},
        {"Origin": "https://attacker.example", "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_change_that_a_page_of_another_site_sends_is_refused(client, jpeg, headers):
    assert_problem(post(client, jpeg, **headers), 403, "cors.origins")
    assert client.simulate_get("/images/", host="localhost").json["total"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost"},
        {"Origin": "https://img.example.com"},
        {"Origin": "https://app.example.com", "Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_programs_and_pages_of_known_sites_may_change(client, jpeg, headers):
    assert post(client, jpeg, **headers).status_code == 201


def test_a_page_of_another_site_may_look(client):
    answer = client.simulate_get(
        "/images/", headers={"Origin": "https://other.example"}, host="localhost"
    )
    assert answer.status_code == 200


def test_every_site_may_change_where_the_settings_say_so(make_client, jpeg):
    client = make_client(cors={"origins": ["*"]}, server={"hosts": ["*"]})
    assert post(client, jpeg, "any.example", Origin="https://any.example").status_code == 201


def test_where_every_change_needs_an_account_no_name_is_refused(make_client):
    client = make_client(auth={"mode": "required", "secret": "x" * 32})
    answer = client.simulate_get("/images/", headers={"Host": "any.example"})
    assert answer.status_code == 200
