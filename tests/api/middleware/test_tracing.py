"""Spans: one for each request, with what it did below it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from progimage.errors import ConfigError
from progimage.telemetry import tracing
from tests.api.conftest import upload

ENDPOINT = "http://127.0.0.1:1/v1/traces"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    tracing.start(ENDPOINT, service_name="test", ratio=1.0, exporter=found)
    yield found
    tracing.stop()


@pytest.fixture
def client(make_client, exporter):
    return make_client(tracing={"endpoint": ENDPOINT})


def named(exporter, name: str) -> list:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def test_a_render_is_below_its_request_with_the_store_beside_it(client, exporter, jpeg):
    path = upload(client, jpeg)
    exporter.clear()
    client.simulate_get(f"{path}sepia.png")
    [request] = named(exporter, "GET /images/{image_id}/{path:path}")
    [render] = named(exporter, "render sepia")
    assert render.parent.span_id == request.context.span_id
    assert request.start_time <= render.start_time <= render.end_time <= request.end_time
    stored = named(exporter, "store put")
    assert stored
    assert all(span.parent.span_id == request.context.span_id for span in stored)
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["progimage.cache"] == "miss"


def test_the_trace_of_the_caller_is_continued(client, exporter):
    client.simulate_get("/health/live", headers={"traceparent": CALLER})
    [span] = exporter.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == CALLER.split("-")[1]
    assert f"{span.parent.span_id:016x}" == CALLER.split("-")[2]


@pytest.mark.parametrize("header", ["", "nonsense", "00-0-0-0", "\xff" * 60])
def test_a_malformed_trace_is_replaced_by_a_new_one(client, exporter, header):
    assert client.simulate_get("/health/live", headers={"traceparent": header}).status_code == 200
    [span] = exporter.get_finished_spans()
    assert span.parent is None


def test_spans_hold_no_path_and_no_query(client, exporter):
    client.simulate_get("/images/", query_string="q=secret")
    client.simulate_get("/secret")
    for span in exporter.get_finished_spans():
        assert "secret" not in span.to_json()


def test_trouble_is_marked(client, exporter, store, monkeypatch, uploaded):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(store, "open", broken)
    exporter.clear()
    client.simulate_get(uploaded)
    [request] = named(exporter, "GET /images/{image_id}")
    assert not request.status.is_ok


def test_without_an_endpoint_nothing_is_traced(make_client, exporter):
    make_client().simulate_get("/health/live")
    assert exporter.get_finished_spans() == ()


def test_the_error_about_a_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"extra 'otel'"):
        tracing.check()
