"""The topology of deploy/compose.yaml as plain processes: nginx, two nodes, one S3 store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.nginx.front import ROOT, Front, host_port, replaced, temporary
from tests.serving.server import Server, kill
from tests.stores.s3server import s3_server, store_url

CONF = ROOT / "deploy" / "nginx-cluster.conf"


class ClusterFront(Front):
    """nginx with the configuration for several nodes."""

    def edited(self, store: Path, upstreams: tuple[str, ...], user: str) -> str:
        text = CONF.read_text("utf-8")
        text = replaced(text, "http {", f"http {{\n{temporary(self.folder)}")
        text = replaced(text, "pid ", f"pid {self.folder}/pid;")
        text = replaced(text, "error_log ", f"error_log {self.error_log} warn;")
        text = replaced(text, "worker_processes ", "worker_processes 2;")
        text = replaced(text, "access_log ", f"access_log {self.access_log} progimage;")
        text = replaced(text, "listen ", f"listen {host_port(self)};")
        for name, address in zip(("node-a", "node-b"), upstreams, strict=True):
            text = replaced(
                text, f"server {name}:8000 ", f"server {address} max_fails=1 fail_timeout=1s;"
            )
        return text


class Cluster:
    """Two nodes and what stands before them."""

    def __init__(self, nodes: list[Server], front: Front) -> None:
        self.nodes = nodes
        self.front = front

    def kill(self, number: int) -> None:
        """End every process of a node at once, as a power cut would."""
        for pid in [self.nodes[number].process.pid, *self.nodes[number].family()]:
            kill(pid)
        self.nodes[number].process.wait()

    def start_again(self, number: int) -> None:
        """Start a node that was killed, where it was."""
        node = self.nodes[number]
        node.environ["PROGIMAGE_BIND"] = host_port(node)
        node.start()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run it all; at the end nothing is left."""
    with ExitStack() as stack:
        store = store_url(stack.enter_context(s3_server()), "cluster")
        nodes = []
        for name in ("a", "b"):
            node = Server(folder / name, store, server_trusted_proxies='["127.0.0.1/32"]')
            stack.callback(node.close)
            nodes.append(node.start())
        addresses = [host_port(node) for node in nodes]
        front = ClusterFront(folder / "front", Path(), *addresses)
        front.start()
        stack.callback(front.close)
        yield Cluster(nodes, front)
