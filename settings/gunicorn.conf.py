"""How gunicorn serves ProgImage; every number comes from the settings."""

import os
import shutil
import socket
import sys

from gunicorn.glogging import Logger

from progimage import config as _config
from progimage.errors import ConfigError, ProgImageError
from progimage.server import descriptors as _descriptors
from progimage.server import draining as _draining
from progimage.server import listeners as _listeners
from progimage.server import supervision as _supervision
from progimage.server.gunicorn_worker import PatientWorker
from progimage.server.waiting_connections import Limits as _Limits
from progimage.stores import temp_files as _scratch
from progimage.telemetry import logs as _logs

try:
    _settings, _ = _config.load()
except ConfigError as _error:
    sys.exit(f"progimage: {_error}")

# A folder in which the workers of this server count together. The library looks for it
# when it is imported, with the app below. It stays on a reload, which comes here again;
# what an older server left in the environment on an upgrade is that server's.
_counted = _config.metrics_folder()
if _settings.metrics.enabled and not (_counted and f"-{os.getpid()}-" in _counted.name):
    _counted = _scratch.make_folder()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counted)

from progimage.server import startup as _starting  # noqa: E402
from progimage.telemetry import exposition as _exposition  # noqa: E402


class _Logger(Logger):
    """Writes gunicorn's own lines like ours."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(_logs.formatter(_settings.log))
            handler.setStream(_logs.stream())


wsgi_app = "progimage.server.startup:wsgi()"
proc_name = "progimage"
bind = _settings.bind
workers = _settings.server.workers
worker_class = PatientWorker
worker_class.limits = _Limits(
    _settings.server.head_timeout_s,
    _settings.server.body_timeout_s,
    _settings.server.send_timeout_s,
    _settings.server.min_bytes_per_s,
)
worker_class.most_connections = _descriptors.connections(_settings.server)
worker_class.client_connections = _settings.server.client_connections
worker_class.trusted_proxies = _settings.server.trusted_proxies
threads = _settings.server.threads
# The worker keeps its own limit, and makes room where gunicorn would only stop to accept.
worker_connections = 2 * worker_class.most_connections
# The most that it can. A query of a search, and the fields of a raw picture, may be long.
limit_request_line = 8190
keepalive = 75
timeout = _settings.server.worker_timeout_s
graceful_timeout = _settings.server.graceful_timeout_s
logger_class = _Logger
loglevel = "warning"
# It is not needed, and all servers of one user would share its path.
control_socket_disable = True
# Of a unix socket, which is made with mode 0660 then: for this user and its group.
umask = 0o117
# Forwarded headers are read by our own middleware, from configured proxies only.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""


def on_starting(server):
    """Refuse to start where the store or the settings cannot work."""
    _logs.configure(_settings.log)
    try:
        _starting.prove(_settings)
    except ProgImageError as error:
        sys.exit(f"progimage: {error}")
    _supervision.keep_alive(server)
    on_reload(server)
    if server.master_pid or "LISTEN_FDS" in os.environ:
        return  # bound already by the process that this one takes over from
    if bind.startswith("unix:"):
        if _listeners.answers(bind.removeprefix("unix:")):
            sys.exit(f"progimage: bind: another server listens on {bind}")
        return
    # gunicorn itself tries for five seconds, with three lines of log for each.
    try:
        for address in server.address:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        sys.exit(f"progimage: bind: cannot listen on {bind}: {error.strerror}")


def on_reload(server):
    """Tell the master how to stop by the settings as they are now."""
    _draining.stop_gently(server, _settings.server.drain_s)


def when_ready(server):
    """Tell a person what to do next."""
    # Not the setting: with port 0 the kernel chose one.
    address = str(server.LISTENERS[0])
    sys.stderr.write(f"ProgImage listens on {address} and keeps pictures in {_settings.store}\n")
    if not address.startswith("unix:"):
        sys.stderr.write(f"Try: curl -i -F image=@photo.jpg {address}/images/\n")


def child_exit(server, worker):
    """Keep what a worker counted, now that it has ended."""
    if not _settings.metrics.enabled:
        return
    try:
        _exposition.merge_dead_process(_counted, worker.pid)
    except Exception as error:  # an error here would end the master, and all workers with it
        server.log.warning("the numbers of a worker that ended are lost: %r", error)


def pre_fork(server, worker):
    """Make the folder of the numbers again if it was removed."""
    if _settings.metrics.enabled:
        try:
            _scratch.restore_folder(_counted)
        except OSError as error:
            server.log.warning("the numbers of a worker will be missing: %s", error.strerror)


def on_exit(server):
    """Remove the folder; after a crash, the next server on this machine does."""
    if _settings.metrics.enabled:
        shutil.rmtree(_counted, ignore_errors=True)


def worker_exit(server, worker):
    """Stop the render processes with the worker they belong to."""
    service = getattr(worker, "wsgi", None)
    if service is not None:
        service.close()
