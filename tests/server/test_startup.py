"""An open service listens beyond this machine only if the settings say so."""

from __future__ import annotations

import pytest

from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.server.startup import _check_open_access
from tests.people import SECRET


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "[::]:8000", "192.0.2.1:80", "pictures.lan:80"])
def test_an_open_service_beyond_loopback_is_refused_in_plain_words(bind):
    with pytest.raises(ConfigError, match="everybody there could see, change and remove"):
        _check_open_access(Settings(bind=bind))


@pytest.mark.parametrize(
    "settings",
    [
        *({"bind": bind} for bind in ("127.0.0.1:0", "[::1]:80", "localhost:80", "unix:/run/a")),
        {"bind": "0.0.0.0:80", "server": {"allow_open_access": True}},
        {"bind": "0.0.0.0:80", "auth": {"mode": "optional", "secret": SECRET}},
        {"bind": "0.0.0.0:80", "auth": {"mode": "required", "secret": SECRET}},
    ],
)
def test_others_listen_where_they_are_told(settings):
    _check_open_access(Settings.model_validate(settings))
