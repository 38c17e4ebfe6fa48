"""What people read about the settings follows from their declarations."""

from __future__ import annotations

import tomllib

import pytest

from progimage.config import Settings
from progimage.config.reference import default_toml, rows
from progimage.config.settings import fields


def test_the_default_file_has_every_setting_with_its_default():
    shown = tomllib.loads(default_toml())
    defaults = Settings().model_dump(mode="json")
    del defaults["server"]["workers"]  # depends on the machine
    assert shown == defaults


def test_a_default_that_depends_on_the_machine_is_shown_as_a_comment():
    assert "\n# workers = 2\n" in default_toml()


@pytest.mark.parametrize(
    ("where", "field"), list(fields()), ids=[".".join(where) for where, _ in fields()]
)
def test_every_setting_says_what_it_is_for(where, field):
    assert field.description, "give its Field a description"
    assert field.description.endswith(".")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("delivery.mode", '"direct", "x-accel", "redirect"'),
        ("server.threads", "from 2 to 1024"),
        ("limits.max_frames", "at least 1"),
        ("render.timeout_s", "above 0, up to 600"),
        ("download.enabled", "true, false"),
        ("cors.origins", "a list"),
        ("store", "text"),
    ],
)
def test_the_values_that_are_allowed_are_shown(name, values):
    [row] = [row for row in rows() if f"{row.section}.{row.name}".lstrip(".") == name]
    assert row.values == values
