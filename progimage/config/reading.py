"""The layers of the settings: the only reader of TOML files and of the environment.

Later layers win: the defaults of the sections (shown, with their reasons, in
`settings/default.toml`), the file that `PROGIMAGE_SETTINGS` names or else
`settings/local.toml` where there is one, then `PROGIMAGE_<SECTION>_<NAME>` from
the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from progimage.config.settings import PREFIX, Settings, names, variable
from progimage.errors import ConfigError

LOCAL_FILE = Path("settings/local.toml")
# Read from the environment by others than the server: the settings file itself
# and what server the command line talks to, as whom.
_NOT_SETTINGS = {"PROGIMAGE_SETTINGS", "PROGIMAGE_URL", "PROGIMAGE_TOKEN"}


def load(
    environ: Mapping[str, str] | None = None, local_file: Path | None = None
) -> tuple[Settings, list[str]]:
    """Read every layer; return the settings and where they came from.

    Raises:
        ConfigError: lists every unknown key and every value that cannot work, each by
            the name it was set under.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("PROGIMAGE_SETTINGS")
    path = local_file or Path(named or LOCAL_FILE)
    sources = ["defaults"]
    data: dict[str, Any] = {}
    if path.exists() or named:
        data = _read_toml(path)
        sources.append(path.name)
    complaints: list[str] = []
    origin: dict[tuple[str, ...], str] = {}
    for name, where, value in _from_environment(environ, complaints):
        section = data
        for part in where[:-1]:
            section = section.setdefault(part, {})
        section[where[-1]] = value
        origin[where] = name
    if origin:
        sources.append("environment")
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        complaints += list(_complaints(error, origin))
    if complaints:
        raise ConfigError("these settings cannot work:\n  " + "\n  ".join(complaints))
    return settings, sources


def metrics_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return where the workers of one server count together; None outside of one.

    The variable is that of Prometheus' client library; settings/gunicorn.conf.py sets it.
    """
    environ = os.environ if environ is None else environ
    folder = environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"PROGIMAGE_SETTINGS: there is no file {path.name!r}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path.name}: cannot be read: {error.strerror}") from None


def _from_environment(
    environ: Mapping[str, str], complaints: list[str]
) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Yield (variable, setting's path, value) for each override; note unknown ones."""
    known = {variable(where): where for where in names()}
    tables = {
        "PROGIMAGE_PRESETS",
        "PROGIMAGE_SERVER_TRUSTED_PROXIES",
        "PROGIMAGE_AUTH_KEYS",
        "PROGIMAGE_CORS_ORIGINS",
        "PROGIMAGE_DOWNLOAD_ALLOWED_HOSTS",
        "PROGIMAGE_DOWNLOAD_DENIED_HOSTS",
        "PROGIMAGE_METRICS_ALLOW",
    }
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in _NOT_SETTINGS:
            continue
        if name not in known:
            complaints.append(f"{name}: no such setting; settings/default.toml lists them all")
        elif name in tables:
            try:
                yield name, known[name], tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                complaints.append(f'{name}: expected a TOML value such as ["10.0.0.0/8"]')
        else:
            yield name, known[name], text


def _complaints(error: ValidationError, origin: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    for item in error.errors(include_url=False):
        where = tuple(str(part) for part in item["loc"] if "Network" not in str(part))
        if not where:
            yield item["msg"].removeprefix("Value error, ")
            continue
        name = next((origin[where[:n]] for n in (2, 1) if where[:n] in origin), ".".join(where))
        if item["type"] == "extra_forbidden":
            yield f"{name}: no such setting; settings/default.toml lists them all"
        elif where[0] == "auth" or where == ("jobs", "broker"):
            # What was given may be a secret.
            yield f"{name}: {item['msg'].removeprefix('Value error, ').removeprefix(f'{name}: ')}"
        else:
            expected = item["msg"].replace("Input should be", "expected")
            yield f"{name}: {expected}; got {item['input']!r}"
