"""A Ceph to measure against: the cluster of the tests, with an empty bucket."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from bench.peers import PeerMissing
from bench.servers import StartFailed

_SCRIPT = Path(__file__).parents[1] / "tests" / "system" / "s3" / "ceph.sh"
_PROGRAMS = {
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "radosgw": "radosgw",
    "ceph": "ceph-common",
    "curl": "curl",
}
_START_S = 180.0
# The smallest that is still a Ceph: one copy of everything, which a smoke test is happy with.
_SMALLEST = {"OSDS": "1", "SIZE": "1", "MIN_SIZE": "1"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """An empty bucket, and the credentials for it."""

    name: str
    endpoint: str
    access_key: str = "testaccess"
    secret_key: str = "testsecret"  # noqa: S105 (of a Ceph on loopback)
    region: str = "us-east-1"

    @property
    def url(self) -> str:
        """The bucket as a store's URL."""
        return f"s3://{self.name}?endpoint_url={self.endpoint}&region={self.region}"

    @property
    def environment(self) -> dict[str, str]:
        """The credentials as environment variables."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def ceph(*, smallest: bool) -> Iterator[Bucket]:
    """Run a Ceph and yield a new bucket of it.

    `CEPH_DIR`, `RGW_PORT` and `MON_PORT` say where; one that runs there already is used,
    and with `KEEP` left running.

    Raises:
        PeerMissing: Ceph is not installed.
        StartFailed: it did not start.
    """
    missing = [package for name, package in _PROGRAMS.items() if not shutil.which(name)]
    if missing:
        packages = " ".join(missing)
        raise PeerMissing(
            "Ceph is missing; on Debian or Ubuntu: "
            f"sudo apt-get install --no-install-recommends {packages}"
        )
    with ExitStack() as stack:
        # Below the range from which the kernel gives ports to clients.
        port = os.environ.get("RGW_PORT", str(random.randrange(20_000, 25_000)))
        monitor = str(random.randrange(25_000, 32_000, 400))
        environment = {"MON_PORT": monitor, **os.environ, "RGW_PORT": port}
        if "CEPH_DIR" not in environment:
            # Monitors have sockets in it, whose paths must be short.
            parent = stack.enter_context(tempfile.TemporaryDirectory(prefix="ceph-"))
            environment["CEPH_DIR"] = f"{parent}/ceph"
        if smallest and not Path(environment["CEPH_DIR"]).exists():
            environment |= _SMALLEST
        if not os.environ.get("KEEP"):
            stack.callback(_run, "destroy", environment)
        if problem := _run("start", environment):
            raise StartFailed(f"Ceph did not start: {problem}")
        name = f"bench-{random.Random().getrandbits(48):012x}"
        bucket = Bucket(name, f"http://127.0.0.1:{port}")
        boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.access_key,
            aws_secret_access_key=bucket.secret_key,
            config=Config(s3={"addressing_style": "path"}),
        ).create_bucket(Bucket=name)
        yield bucket


def _run(command: str, environment: dict[str, str]) -> str:
    """Run the tests' script; return its last words if it failed, else nothing."""
    # Daemons inherit what is open here and outlive the script: a pipe would never end.
    with tempfile.TemporaryFile("w+") as log:
        try:
            done = subprocess.run(
                [str(_SCRIPT), command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                timeout=_START_S,
            )
        except subprocess.TimeoutExpired:
            return f"nothing came of it in {_START_S:g} s"
        log.seek(0)
        return log.read()[-1000:].strip() or "no reason given" if done.returncode else ""
