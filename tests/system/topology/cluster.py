"""The topology of deploy/compose.yaml as plain processes: nginx, some nodes, one store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from os import geteuid
from pathlib import Path

from tests.stores.s3server import s3_server, store_url
from tests.system.nginx.front import ROOT, Front, host_port, replaced
from tests.system.serving.server import Server


class ClusterFront(Front):
    """nginx with the configuration for several nodes."""

    conf_file = ROOT / "deploy" / "nginx-cluster.conf"

    def edited(self, text: str, store: Path, user: str) -> str:
        """Return the configuration with a user who may write long bodies into the folder."""
        return f"user {user};\n{text}" if geteuid() == 0 else text

    def with_upstreams(self, text: str, upstreams: Sequence[str]) -> str:
        lines = [f"server {address} max_fails=1 fail_timeout=1s;\n" for address in upstreams]
        text = replaced(text, "server node-a:8000 ", "".join(lines))
        return replaced(text, "server node-b:8000 ", "")


class Cluster:
    """Some nodes and what stands before them."""

    def __init__(self, nodes: list[Server], front: Front) -> None:
        self.nodes = nodes
        self.front = front

    def kill(self, number: int) -> None:
        """End every process of a node at once, as a power cut would."""
        self.nodes[number].die()

    def start_again(self, number: int) -> None:
        """Start a node that has ended, at the same address."""
        self.nodes[number].start()


@contextmanager
def cluster(
    folder: Path,
    store: str | None = None,
    nodes: int = 2,
    *,
    disk_caches: bool = False,
    **settings: object,
) -> Iterator[Cluster]:
    """Run it all, over an S3 store of its own unless one is named; at the end nothing is left.

    With `disk_caches` each node has one of its own.
    """
    with ExitStack() as stack:
        store = store or store_url(stack.enter_context(s3_server()), "cluster")
        settings["server_trusted_proxies"] = '["127.0.0.1/32"]'
        running = []
        for name in "abcdef"[:nodes]:
            own = {"disk_cache_dir": folder / name / "copies"} if disk_caches else {}
            running.append(Server(folder / name, store, **settings, **own))
        threads = stack.enter_context(ThreadPoolExecutor(nodes))
        stack.callback(lambda: list(threads.map(Server.close, running)))
        list(threads.map(Server.start, running))
        front = ClusterFront(folder / "front", Path(), *map(host_port, running))
        front.start()
        stack.callback(front.close)
        yield Cluster(running, front)
