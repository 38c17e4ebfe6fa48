"""The dashboard asks for numbers that there are, by labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from progimage.telemetry import series

DASHBOARD = json.loads((Path(__file__).parents[3] / "deploy" / "grafana.json").read_text("utf-8"))
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
NAMES = frozenset(
    sample
    for metric in series.REGISTRY.collect()
    for sample in (
        [f"{metric.name}_{part}" for part in ("bucket", "sum", "count")]
        if metric.type == "histogram"
        else [f"{metric.name}_total" if metric.type == "counter" else metric.name]
    )
)
METRICS = [each for each in vars(series).values() if isinstance(each, MetricWrapperBase)]
LABELS = {"instance", "le"}.union(*(metric._labelnames for metric in METRICS))


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_asks_for_numbers_there_are(query):
    names = set(re.findall(r"\bprogimage_\w+", query))
    assert names
    assert names <= NAMES


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_uses_labels_there_are(query):
    used = set(re.findall(r"(\w+)\s*(?:=~|!=|=)", query))
    for group in re.findall(r"by \(([^)]*)\)", query):
        used |= {label.strip() for label in group.split(",")}
    assert used <= LABELS


def test_every_number_is_on_the_dashboard():
    requested = " ".join(query.values[0] for query in QUERIES)
    for name in NAMES:
        family = re.sub(r"_(bucket|sum|count|total)$", "", name)
        assert family in requested, name


def test_panels_do_not_overlap():
    seen = set()
    for panel in DASHBOARD["panels"]:
        box = panel["gridPos"]
        for x in range(box["x"], box["x"] + box["w"]):
            for y in range(box["y"], box["y"] + box["h"]):
                assert (x, y) not in seen
                seen.add((x, y))
