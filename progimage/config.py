"""Settings: the only reader of TOML files and of the environment.

Later layers win: the defaults written here (and shown, with their reasons, in
`settings/default.toml`), the file that `PROGIMAGE_SETTINGS` names or else
`settings/local.toml` where there is one, then `PROGIMAGE_<SECTION>_<NAME>` from
the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from progimage.errors import ConfigError
from progimage.imaging.limits import Limits

LOCAL_FILE = Path("settings/local.toml")
PREFIX = "PROGIMAGE_"
# Read from the environment by others than the server: the settings file itself
# and what server the command line talks to, as whom.
_NOT_SETTINGS = {"PROGIMAGE_SETTINGS", "PROGIMAGE_URL", "PROGIMAGE_TOKEN"}

Cores = os.cpu_count() or 1


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class S3(_Section):
    """What is asked of an S3 server."""

    conditional_writes: Literal["required", "off"] = "required"

    @property
    def is_conditional(self) -> bool:
        """False if the last of two writers may win."""
        return self.conditional_writes == "required"


class Server(_Section):
    """How requests come in."""

    workers: int = Field(default=min(Cores, 8), ge=1, le=256)
    threads: int = Field(default=32, ge=2, le=1024)
    public_url: str = Field(default="", pattern=r"^(https?://[^/?#\s]+)?$")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    head_timeout_s: float = Field(default=10.0, gt=0, le=600)
    send_timeout_s: float = Field(default=30.0, gt=0, le=600)
    graceful_timeout_s: int = Field(default=30, ge=1, le=600)
    worker_timeout_s: int = Field(default=60, ge=5, le=3600)


class Upload(_Section):
    """What may be sent to us."""

    max_bytes: int = Field(default=32 * 2**20, ge=1024, le=5 * 2**30)
    max_json_bytes: int = Field(default=16 * 2**20, ge=1024, le=2**30)
    max_request_bytes: int = Field(default=512 * 2**20, ge=1024, le=100 * 2**30)
    max_pictures: int = Field(default=100, ge=1, le=10_000)
    stall_timeout_s: float = Field(default=30.0, gt=0, le=600)
    total_timeout_s: float = Field(default=600.0, gt=0, le=86_400)
    concurrent: int = Field(default=12, ge=1, le=1024)
    slot_expires_s: int = Field(default=86_400, ge=1, le=2_592_000)


class Download(_Section):
    """Pictures fetched from URLs that a request names."""

    enabled: bool = True
    allow_private: bool = False
    allowed_hosts: tuple[str, ...] = ()
    denied_hosts: tuple[str, ...] = ()
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    total_timeout_s: float = Field(default=20.0, gt=0, le=600)
    max_redirects: int = Field(default=3, ge=0, le=10)


class Publish(_Section):
    """Accounts at services that pictures are sent on to."""

    imgur_client_id: str = Field(default="", pattern=r"^[A-Za-z0-9]{0,64}$")
    imgur_api: str = Field(default="https://api.imgur.com", pattern=r"^https?://[^/?#\s@]+/?$")
    timeout_s: float = Field(default=30.0, gt=0, le=600)


class LimitSettings(_Section):
    """What a picture and its renditions may be."""

    max_source_pixels: int = Field(default=50_000_000, ge=1)
    max_source_side: int = Field(default=30_000, ge=1)
    max_frames: int = Field(default=100, ge=1)
    max_output_pixels: int = Field(default=40_000_000, ge=1)
    max_output_side: int = Field(default=8_192, ge=1)
    max_steps: int = Field(default=10, ge=1, le=100)

    def to_limits(self) -> Limits:
        """Return the value that imaging works with."""
        return Limits(**self.model_dump())


class Render(_Section):
    """The pool of render processes of each web worker."""

    workers: int = Field(default=1, ge=1, le=256)
    queue: int = Field(default=10, ge=0, le=1024)
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    memory_bytes: int = Field(default=2 * 2**30, ge=2**28)
    tasks_per_worker: int = Field(default=1000, ge=1)
    niceness: int = Field(default=10, ge=0, le=19)
    where: Literal["here", "workers"] = "here"
    answer_timeout_s: float = Field(default=15.0, gt=0, le=600)


class Transforms(_Section):
    """Who may have what made, and how much of it."""

    policy: Literal["open", "presets", "signed"] = "open"
    cold_per_minute: int = Field(default=0, ge=0, le=1_000_000)
    cold_burst: int = Field(default=60, ge=1, le=1_000_000)


class Links(_Section):
    """Signed links."""

    max_expires_s: int = Field(default=604_800, ge=1, le=315_360_000)


class Delivery(_Section):
    """How stored bytes leave: by us, by nginx, or straight from S3."""

    mode: Literal["direct", "x-accel", "redirect"] = "direct"
    accel_prefix: str = Field(default="/_store/", pattern=r"^/[A-Za-z0-9_-]+/$")
    redirect_expires_s: int = Field(default=300, ge=10, le=604_800)


class Cache(_Section):
    """What `progimage gc` leaves of the cached renditions."""

    max_age_days: float = Field(default=90.0, ge=0)
    max_bytes: int = Field(default=10 * 2**30, ge=0)


class Jobs(_Section):
    """Bulk jobs, and the runner in each web process that does them."""

    runner: Literal["embedded", "none"] = "embedded"
    broker: str = Field(default="", pattern=r"^((redis|rediss|amqp|amqps|sqs)://\S*)?$")
    threads: int = Field(default=4, ge=1, le=64)
    max_items: int = Field(default=10_000, ge=1, le=10_000)
    max_waiting: int = Field(default=1_000, ge=1, le=100_000)
    streams: int = Field(default=4, ge=1, le=256)
    attempts: int = Field(default=4, ge=1, le=20)
    per_host: int = Field(default=2, ge=1, le=64)
    host_pause_s: float = Field(default=0.1, ge=0, le=60)
    lease_s: float = Field(default=15.0, ge=1, le=3600)
    poll_s: float = Field(default=5.0, ge=0.1, le=600)
    keep_days: float = Field(default=30.0, ge=0)


SIGN_INS = 4
"""Requests that may wait for a password to be hashed at a time in one web process."""

DEVELOPMENT = "development"
"""The secret that stands for one drawn at random and kept in the store."""


class AuthKey(_Section):
    """One key for access tokens: a secret of 32 bytes or more, or an Ed25519 key in PEM."""

    kid: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    secret: SecretStr | None = None
    ed25519: SecretStr | None = None

    @model_validator(mode="after")
    def _is_one_good_key(self) -> AuthKey:
        if (self.secret is None) == (self.ed25519 is None):
            raise ValueError("expected either secret or ed25519")
        if self.secret is not None and _is_short(self.secret):
            raise ValueError(_SHORT)
        return self


class Auth(_Section):
    """Accounts: whether there are any, and how their tokens are signed."""

    mode: Literal["off", "optional", "required"] = "off"
    secret: SecretStr = SecretStr("")
    keys: tuple[AuthKey, ...] = ()
    registration: Literal["open", "admin", "closed"] = "admin"
    access_lifetime_s: int = Field(default=900, ge=30, le=86_400)
    refresh_lifetime_s: int = Field(default=2_592_000, ge=60, le=31_536_000)

    @model_validator(mode="after")
    def _has_a_key_where_it_needs_one(self) -> Auth:
        secret = self.secret.get_secret_value()
        if secret not in ("", DEVELOPMENT) and _is_short(self.secret):
            raise ValueError(f"auth.secret: {_SHORT}")
        if self.mode != "off" and not secret and not self.keys:
            raise ValueError(
                f"auth.mode: {self.mode!r} needs a key that tokens are signed with: set "
                "auth.secret or auth.keys ('openssl rand -hex 32' makes a secret), or for "
                'development auth.secret = "development"'
            )
        return self


_SHORT = "expected a secret of at least 32 bytes, as 'openssl rand -hex 32' makes it"


def _is_short(secret: SecretStr) -> bool:
    return len(secret.get_secret_value().encode()) < 32


class Log(_Section):
    """What is logged, and in what form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Metrics(_Section):
    """What is counted and timed, and who may read it."""

    enabled: bool = True
    allow: tuple[IPv4Network | IPv6Network, ...] = (
        IPv4Network("127.0.0.0/8"),
        IPv6Network("::1/128"),
    )


class Tracing(_Section):
    """Where spans go, if anywhere."""

    endpoint: str = Field(default="", pattern=r"^(https?://[^\s#]+)?$")
    ratio: float = Field(default=1.0, ge=0, le=1)
    service_name: str = Field(default="progimage", min_length=1, max_length=100)


class Settings(_Section):
    """All of it; a value, read once at start-up."""

    bind: str = Field(default="127.0.0.1:8000", pattern=r"^(\S+:\d{1,5}|unix:\S+)$")
    store: str = "file:var/store"
    s3: S3 = S3()
    server: Server = Server()
    upload: Upload = Upload()
    download: Download = Download()
    publish: Publish = Publish()
    limits: LimitSettings = LimitSettings()
    render: Render = Render()
    transforms: Transforms = Transforms()
    links: Links = Links()
    delivery: Delivery = Delivery()
    cache: Cache = Cache()
    jobs: Jobs = Jobs()
    auth: Auth = Auth()
    log: Log = Log()
    metrics: Metrics = Metrics()
    tracing: Tracing = Tracing()
    presets: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], str] = {}

    @model_validator(mode="after")
    def _signed_has_a_key(self) -> Settings:
        has_key = bool(self.auth.secret.get_secret_value() or self.auth.keys)
        if self.transforms.policy == "signed" and not has_key:
            raise ValueError(
                "transforms.policy: 'signed' needs a key that links are signed with: set "
                "auth.secret or auth.keys ('openssl rand -hex 32' makes a secret)"
            )
        return self

    @model_validator(mode="after")
    def _threads_outnumber_waiters(self) -> Settings:
        waiting = (
            self.render.workers + self.render.queue + self.upload.concurrent + self.jobs.streams
        )
        waiting += SIGN_INS if self.auth.mode != "off" else 0
        if self.server.threads <= waiting:
            raise ValueError(
                f"server.threads: expected more than render.workers + render.queue + "
                f"upload.concurrent + jobs.streams + {SIGN_INS} where there are accounts "
                f"({waiting}), so that cached pictures are served while all of those wait; got "
                f"{self.server.threads}"
            )
        return self


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
    for variable, where, value in _from_environment(environ, complaints):
        section = data
        for part in where[:-1]:
            section = section.setdefault(part, {})
        section[where[-1]] = value
        origin[where] = variable
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


def names() -> Iterator[tuple[str, ...]]:
    """Yield the path of every setting: ("bind",), ("server", "workers") …"""
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            yield from ((name, inner) for inner in section.model_fields)
        else:
            yield (name,)


def variable(where: tuple[str, ...]) -> str:
    """Return the environment variable that overrides the setting."""
    return PREFIX + "_".join(where).upper()


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
