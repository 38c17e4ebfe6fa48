"""The configuration as it is shipped."""

from __future__ import annotations

import re

from bench.cases.cached import shipped_conf
from progimage.config import Settings
from tests.system.nginx.front import CONF, complaints

TEXT = CONF.read_text("utf-8")


def directive(name: str) -> str:
    """Return the value of a directive that stands there once."""
    [value] = re.findall(rf"(?m)^\s*{name}\s+([^;]+);", TEXT)
    return value


def test_nginx_finds_nothing_wrong_with_it():
    assert complaints(CONF) == ""


def test_the_benchmarks_can_point_it_at_their_own_folder(tmp_path):
    conf = tmp_path / "nginx.conf"
    conf.write_text(shipped_conf(8099, tmp_path / "store", "127.0.0.1:8098"), "utf-8")
    assert complaints(conf) == ""
    text = conf.read_text("utf-8")
    assert f"root {tmp_path}/store;" in text
    assert "listen 127.0.0.1:8099;" in text
    assert "server 127.0.0.1:8098;" in text


def test_it_takes_what_the_app_takes_and_knows_its_default_address():
    assert directive("client_max_body_size") == f"{Settings().upload.max_request_bytes >> 20}m"
    assert directive(r"server(?= [\d.]+:)") == Settings().bind
    assert f"location {Settings().delivery.accel_prefix} " in TEXT


def test_it_outwaits_the_app_and_is_outwaited_by_it_when_idle():
    settings = Settings()
    assert int(directive("proxy_read_timeout").removesuffix("s")) > settings.server.worker_timeout_s
    [idle_s] = re.findall(r"upstream progimage \{.*?keepalive_timeout (\d+)s;", TEXT, re.S)
    gunicorn = (CONF.parents[1] / "settings" / "gunicorn.conf.py").read_text("utf-8")
    [gunicorn_idle_s] = re.findall(r"(?m)^keepalive = (\d+)$", gunicorn)
    assert int(idle_s) < int(gunicorn_idle_s)


def test_no_file_stays_open_after_it_is_deleted():
    assert not re.search(r"(?m)^\s*(open_file_cache|proxy_cache)\b", TEXT)


def test_as_many_lines_are_marked_for_editing_as_it_says():
    words = {"five": 5, "six": 6, "seven": 7}
    [count] = re.findall(r"Edit the (\w+) lines marked EDIT", TEXT)
    assert len(re.findall(r";\s+# EDIT", TEXT)) == words[count]
