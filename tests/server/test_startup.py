"""An open service listens beyond this machine only if the settings say so."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.server.origins import prove_origins
from progimage.server.startup import check_open_access
from tests.people import SECRET


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "[::]:8000", "192.0.2.1:80", "pictures.lan:80"])
def test_an_open_service_beyond_loopback_is_refused_in_plain_words(bind):
    with pytest.raises(ConfigError, match="allow_open_access"):
        check_open_access(Settings(bind=bind))


@pytest.mark.parametrize(
    "settings",
    [
        *({"bind": bind} for bind in ("127.0.0.1:0", "[::1]:80", "localhost:80", "unix:/run/a")),
        {"bind": "0.0.0.0:80", "server": {"allow_open_access": True}},
        {"bind": "0.0.0.0:80", "auth": {"mode": "optional", "secret": SECRET}},
        {"bind": "0.0.0.0:80", "auth": {"mode": "required", "secret": SECRET}},
    ],
)
def test_other_addresses_are_bound_as_set(settings):
    check_open_access(Settings.model_validate(settings))


def with_origin(url: str, **settings) -> Settings:
    return Settings.model_validate(
        {"store": "memory://", "origins": {"shop": {"from": url}}, **settings}
    )


def test_an_origin_that_does_not_answer_is_a_warning_and_no_error(tmp_path):
    with capture_logs() as lines:
        prove_origins(with_origin((tmp_path / "away").as_uri()))
    assert {"shop"} == {line["origin"] for line in lines if "does not answer" in line["event"]}


def test_an_origin_that_answers_needs_no_picture(tmp_path):
    with capture_logs() as lines:
        prove_origins(with_origin(tmp_path.as_uri(), transforms={"policy": "presets"}))
    assert lines == []


def test_an_open_policy_for_origins_is_a_warning(tmp_path):
    with capture_logs() as lines:
        prove_origins(with_origin(tmp_path.as_uri()))
    assert [line["setting"] for line in lines] == ['transforms.policy = "open"']


def test_an_origin_that_cannot_work_stops_the_start():
    with pytest.raises(ConfigError, match=r"origins\.shop\.from"):
        prove_origins(with_origin("file:relative"))
