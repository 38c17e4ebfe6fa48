"""What is counted, and who may read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from progimage.access.admission import Admission
from progimage.errors import Overloaded
from progimage.telemetry import exposition, metrics
from tests.api.conftest import assert_problem, upload


def sample(client, name: str, **labels: str) -> float:
    """Return one number of /metrics, 0 where it is not there yet."""
    text = client.simulate_get("/metrics").text
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if match and match[1] == name:
            found = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            if found == labels:
                return float(match[3])
    return 0.0


@pytest.fixture
def rise(client):
    """Return a function that tells how much a number has risen since the first time."""
    before = {}

    def since(name: str, **labels: str) -> float:
        key = (name, *sorted(labels.items()))
        now = sample(client, name, **labels)
        return now - before.setdefault(key, now)

    return since


def test_requests_are_timed_by_template_not_by_path(client, jpeg, rise):
    labels = {"method": "GET", "route": "/images/{image_id}", "status": "200"}
    rise("progimage_request_seconds_count", **labels)
    path = upload(client, jpeg)
    client.simulate_get(path)
    assert rise("progimage_request_seconds_count", **labels) == 1
    assert path.split("/")[2] not in client.simulate_get("/metrics").text


def test_unknown_routes_and_methods_share_a_label(client, rise):
    labels = {"route": "none", "status": "404"}
    rise("progimage_request_seconds_count", method="GET", **labels)
    for path in ("/a", "/b", "/c"):
        client.simulate_get(path)
    assert rise("progimage_request_seconds_count", method="GET", **labels) == 3
    metrics.request("BREW", None, 400, 0.1)
    assert "BREW" not in client.simulate_get("/metrics").text


def test_hits_misses_and_renders_are_counted(client, uploaded, rise):
    def seen() -> list[float]:
        return [
            rise("progimage_renditions_total", cache="hit"),
            rise("progimage_renditions_total", cache="miss"),
            rise("progimage_render_seconds_count", operation="sepia", format="png"),
            rise("progimage_render_seconds_count", operation="several", format="png"),
            rise("progimage_store_seconds_count", operation="open", outcome="missing"),
        ]

    seen()
    for _ in range(3):
        client.simulate_get(f"{uploaded}sepia.png")
    assert seen()[:4] == [2, 1, 1, 0]
    client.simulate_get(f"{uploaded}sepia/blur.png")
    assert seen()[:4] == [2, 2, 1, 1]
    assert seen()[4] > 0


def test_refused_requests_are_counted(client):
    before = sample(client, "progimage_rejections_total", work="uploads")
    full = Admission(0, "uploads")
    with pytest.raises(Overloaded), full.admit():
        pass
    assert sample(client, "progimage_rejections_total", work="uploads") == before + 1


def test_only_allowed_networks_see_the_numbers(client, make_client):
    assert client.simulate_get("/metrics").status_code == 200
    assert_problem(client.simulate_get("/metrics", remote_addr="192.0.2.7"), 404)
    wide = make_client(metrics={"allow": ["192.0.2.0/24"]})
    assert wide.simulate_get("/metrics", remote_addr="192.0.2.7").status_code == 200
    assert_problem(wide.simulate_get("/metrics"), 404)


def test_a_client_of_a_trusted_proxy_is_judged_by_its_own_address(make_client):
    client = make_client(server={"trusted_proxies": ["127.0.0.1/32"]})
    headers = {"X-Forwarded-For": "203.0.113.9"}
    assert_problem(client.simulate_get("/metrics", headers=headers), 404)


def test_without_metrics_there_is_no_such_path(make_client):
    client = make_client(metrics={"enabled": False})
    assert_problem(client.simulate_get("/metrics"), 404)


def test_the_dead_are_added_up_once_and_their_files_go(tmp_path: Path):
    key = mmap_key("progimage_rejections", "progimage_rejections_total", ["work"], ["x"], "h")
    for pid, count in ((11, 2.0), (12, 3.0), (13, 4.0)):
        file = MmapedDict(str(tmp_path / f"counter_{pid}.db"))
        file.write_value(key, count, 0.0)
        file.close()
    (tmp_path / "gauge_livesum_11.db").write_bytes(b"")
    before = exposition.text_of(tmp_path)
    for pid in (11, 12, 11):
        exposition.merge_dead_process(tmp_path, pid)
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_0.db", "counter_13.db"]
    assert b'progimage_rejections_total{work="x"} 9.0' in exposition.text_of(tmp_path)
    assert b" 9.0" in before
