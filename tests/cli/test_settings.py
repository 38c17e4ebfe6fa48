"""`progimage settings` prints a file that the service can read."""

from __future__ import annotations

import tomllib

from progimage.config.reference import default_toml


def test_every_setting_is_printed(run):
    ran = run("settings")
    assert ran.text == default_toml()
    assert "server" in tomllib.loads(ran.text)
