"""Serves `/metrics` from a worker, which answers no other HTTP requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6

from progimage.config.networks import Network, is_within
from progimage.errors import ConfigError
from progimage.telemetry import exposition

# A client that is silent for this long is disconnected.
_PATIENCE_S = 5.0


@contextmanager
def serving(bind: str, allowed: Sequence[Network]) -> Iterator[str]:
    """Answer `GET /metrics` from the `allowed` networks while the block runs.

    Args:
        bind: host:port to listen on; port 0 lets the system choose one.

    Yields:
        The URL of the metrics.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in host else AF_INET
        daemon_threads = True

    class Handler(_Handler):
        networks = allowed

    try:
        server = Server((host, int(port)), Handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no such port"
        raise ConfigError(
            f"metrics.worker_bind: cannot listen on {bind}: {reason}; "
            "each worker of a machine needs its own port"
        ) from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    networks: Sequence[Network] = ()
    timeout = _PATIENCE_S
    error_content_type = "application/problem+json"
    error_message_format = '{"type": "about:blank", "title": "Not found", "status": %(code)d}'

    def do_GET(self) -> None:
        if self.path.partition("?")[0].rstrip("/") != "/metrics" or not is_within(
            self.client_address[0], self.networks
        ):
            self.send_error(404)
            return
        body = exposition.text_of(None)
        self.send_response(200)
        self.send_header("Content-Type", exposition.MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "ProgImage"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: Prometheus sends a request every few seconds."""
