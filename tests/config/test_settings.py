"""Settings: layers, complaints, and documentation that cannot drift."""

from __future__ import annotations

from pathlib import Path

import pytest

from progimage import config
from progimage.config import Settings
from progimage.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "settings"


def load(environ=None, toml: str = "", tmp_path: Path = Path()) -> Settings:
    file = tmp_path / "local.toml"
    file.write_text(toml, "utf-8")
    return config.load(environ or {}, file)[0]


def test_the_example_file_is_valid_once_it_has_a_secret():
    example = FOLDER / "local.example.toml"
    settings, _ = config.load({"PROGIMAGE_AUTH_SECRET": "s" * 32}, example)
    assert settings.presets
    assert settings.auth.mode == "required"
    with pytest.raises(ConfigError, match="needs a key"):
        config.load({}, example)


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path):
    toml = 'bind = "127.0.0.1:1"\n[render]\nqueue = 3\ntimeout_s = 4'
    settings = load({"PROGIMAGE_RENDER_QUEUE": "5"}, toml, tmp_path)
    assert (settings.bind, settings.render.queue) == ("127.0.0.1:1", 5)
    assert settings.render.timeout_s == 4
    assert settings.render.workers == 1


@pytest.mark.parametrize("where", list(config.names()), ids=".".join)
def test_every_setting_can_be_overridden_from_the_environment(where, tmp_path):
    samples = {
        "bind": "0.0.0.0:80",
        "store": "memory://",
        "create_store": "true",
        "s3.conditional_writes": "off",
        "origins": '{shop = {from = "file:///srv/shop"}}',
        "origin_cache.max_bytes": "5000000",
        "fronts.imgproxy": "{signature_bytes = 8}",
        "fronts.thumbor": '{keys = ["text"]}',
        "presets": '{avatar = "resize:w=8"}',
        "server.public_url": "https://a.example",
        "server.trusted_proxies": '["10.0.0.0/8"]',
        "server.hosts": '["pictures.lan"]',
        "server.allow_open_access": "true",
        "server.threads": "200",
        "render.memory_bytes": "1000000000",
        "download.headers": '{Referer = "https://shop.example/"}',
        "deep.enabled": "false",
        "deep.from_pixels": "2000000",
        "deep.max_bytes": "2048",
        "deep.memory_bytes": "1000000000",
        "delivery.mode": "x-accel",
        "iiif.sites": "all",
        "transforms.policy": "presets",
        "delivery.accel_prefix": "/inner/",
        "jobs.runner": "none",
        "disk_cache.max_bytes": "5000000",
        "index.max_bytes": "100000000",
        "tracing.endpoint": "http://127.0.0.1:4318/v1/traces",
        "tracing.ratio": "0.5",
        "s3.hedged_reads": "false",
        "metrics.enabled": "false",
        "quota.enabled": "true",
        "metrics.allow": '["10.0.0.0/8"]',
        "metrics.worker_bind": "127.0.0.1:9464",
        "jobs.broker": "redis://127.0.0.1:6379/0",
        "render.where": "workers",
        "auth.mode": "off",
        "auth.secret": "s" * 32,
        "cors.origins": '["https://app.example.com"]',
        "auth.keys": f'[{{kid = "a", secret = "{"k" * 32}"}}]',
        "auth.registration": "open",
        "auth.access_lifetime_s": "60",
        "auth.refresh_lifetime_s": "600",
        "log.level": "error",
        "log.format": "json",
        "upload.max_bytes": "2048",
        "upload.accept_damaged": "false",
        "upload.max_json_bytes": "2048",
        "upload.max_request_bytes": "2048",
        "publish.imgur_client_id": "546c25a59c58ad7",
        "publish.imgur_api": "http://127.0.0.1:9000",
        "download.enabled": "false",
        "download.allow_private": "true",
        "iiif.enabled": "false",
        "webhooks": '{shop = {url = "https://a.example", '
        'secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}',
        "download.allowed_hosts": '["example.com"]',
        "download.denied_hosts": '["example.com"]',
        "delivery.redirect_expires_s": "20",
        "server.worker_timeout_s": "7",
    }
    value = samples.get(".".join(where), "3")
    settings = load({config.variable(where): value}, "", tmp_path)
    got = settings
    default = Settings()
    for part in where:
        got, default = getattr(got, part), getattr(default, part)
    assert got != default or value == str(default)


def test_all_complaints_come_at_once_each_by_the_name_it_was_set_under(tmp_path):
    environ = {"PROGIMAGE_RENDER_QUEUE": "many", "PROGIMAGE_FRIES": "1"}
    with pytest.raises(ConfigError) as error:
        load(
            environ, 'fries = 1\n[server]\nworkers = 0\nwings = 2\n[log]\nlevel = "loud"', tmp_path
        )
    lines = str(error.value)
    for word in (
        "PROGIMAGE_RENDER_QUEUE: expected a valid integer",
        "PROGIMAGE_FRIES: no such setting",
        "fries: no such setting",
        "server.workers: expected greater than or equal to 1; got 0",
        "server.wings: no such setting",
        "log.level: expected 'debug', 'info', 'warning' or 'error'; got 'loud'",
    ):
        assert word in lines


def test_threads_must_outnumber_what_may_wait(tmp_path):
    with pytest.raises(ConfigError, match=r"server\.threads: expected more than"):
        load({"PROGIMAGE_SERVER_THREADS": "8"}, "", tmp_path)


def test_a_named_file_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match=r"PROGIMAGE_SETTINGS: .*'gone\.toml'"):
        config.load({"PROGIMAGE_SETTINGS": str(tmp_path / "gone.toml")})


@pytest.mark.parametrize("text", ["bind = ", "\xff\xfe", "[a\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path, text):
    file = tmp_path / "odd.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"odd\.toml: not valid TOML"):
        config.load({}, file)


def test_a_broker_that_cannot_be_is_not_repeated_with_its_password(tmp_path):
    with pytest.raises(ConfigError, match="PROGIMAGE_JOBS_BROKER") as error:
        load({"PROGIMAGE_JOBS_BROKER": "reds://:hunter2@queue/0"}, "", tmp_path)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "secret", ["whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?"]
)
def test_a_secret_of_a_webhook_is_checked_and_not_shown(secret):
    hooks = f'{{shop = {{url = "https://a.example/?token=t0ken", secret = "{secret}"}}}}'
    with pytest.raises(ConfigError, match=r"webhooks\.shop\.secret: expected whsec_") as caught:
        load({"PROGIMAGE_WEBHOOKS": hooks})
    assert secret not in str(caught.value)
    assert "t0ken" not in str(caught.value)


def test_the_secrets_of_webhooks_are_not_printed():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    hooks = f'{{shop = {{url = "https://a.example/", secret = "{secret}"}}}}'
    settings = load({"PROGIMAGE_WEBHOOKS": hooks})
    assert settings.webhooks["shop"].keys
    assert secret not in repr(settings)
