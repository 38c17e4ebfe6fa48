"""Reads the settings. No other module reads TOML files or the environment.

Later layers win: the defaults in `sections/`; the file that `PROGIMAGE_SETTINGS` names, or
else `settings/local.toml` if it exists; the variables `PROGIMAGE_<SECTION>_<NAME>`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from progimage.config.settings import PREFIX, Settings, fields, variable
from progimage.errors import ConfigError

LOCAL_FILE = Path("settings/local.toml")
_LISTED = "`progimage settings` lists all of them"
# The settings file itself, and what the command line reads.
_NOT_SETTINGS = {"PROGIMAGE_SETTINGS", "PROGIMAGE_URL", "PROGIMAGE_TOKEN"}


def load(
    environ: Mapping[str, str] | None = None, local_file: Path | None = None
) -> tuple[Settings, list[str]]:
    """Read every layer; return the settings and the names of the layers that were used.

    Raises:
        ConfigError: lists every unknown name and every invalid value, each by the name
            under which it was set.
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
        raise ConfigError("these settings are not valid:\n  " + "\n  ".join(complaints))
    return settings, sources


def metrics_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder in which the workers of this server count; None outside of a server.

    The variable is that of Prometheus' client library; the server sets it at start.
    """
    environ = os.environ if environ is None else environ
    folder = environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of this process with `variables` set, for another program."""
    return {**os.environ, **variables}


def header_values(
    name: str, headers: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return an origin's request headers, with the values that the environment holds.

    Raises:
        ConfigError: a variable is missing, or what it holds cannot be sent in a header.
    """
    environ = os.environ if environ is None else environ
    found = {}
    for header, variable_name in headers.items():
        value = environ.get(variable_name)
        if value is None:
            raise ConfigError(
                f"origins.{name}.headers: {header}: there is no environment variable "
                f"{variable_name!r}"
            )
        if not value.isprintable() or not value.isascii() or not header.isascii():
            raise ConfigError(f"origins.{name}.headers: {header}: expected printable ASCII")
        found[header] = value
    return found


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
    """Yield (variable, path of the setting, value) for each override.

    Unknown variables and invalid TOML are added to `complaints`.
    """
    known = {variable(where): where for where, _ in fields()}
    tables = {variable(where) for where, field in fields() if _is_table(field)}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in _NOT_SETTINGS:
            continue
        if name not in known:
            complaints.append(f"{name}: no such setting; {_LISTED}")
        elif name in tables:
            try:
                yield name, known[name], tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                complaints.append(f'{name}: expected a TOML value such as ["10.0.0.0/8"]')
        else:
            yield name, known[name], text


def _is_table(field: FieldInfo) -> bool:
    """True for lists and tables, which the environment gives as TOML."""
    kind = field.annotation
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return is_model or get_origin(kind) in (tuple, Mapping)


def _complaints(error: ValidationError, origin: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    for item in error.errors(include_url=False):
        where = tuple(str(part) for part in item["loc"] if "Network" not in str(part))
        if not where:
            yield item["msg"].removeprefix("Value error, ")
            continue
        name = next((origin[where[:n]] for n in (2, 1) if where[:n] in origin), ".".join(where))
        if item["type"] == "extra_forbidden":
            yield f"{name}: no such setting; {_LISTED}"
        elif where[0] in ("auth", "webhooks") or where == ("jobs", "broker"):
            # The value may be a secret.
            name = ".".join(where) if where[0] == "webhooks" else name
            yield f"{name}: {item['msg'].removeprefix('Value error, ').removeprefix(f'{name}: ')}"
        else:
            expected = item["msg"].replace("Input should be", "expected")
            yield f"{name}: {expected}; got {item['input']!r}"
