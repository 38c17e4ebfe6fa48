"""`deploy/pin-images.sh` adds digests to the names of base images."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
DIGEST = "sha256:" + "0" * 64
# Stands for docker, which asks a registry.
DOCKER = f'#!/bin/sh\n[ "$1 $2 $3" = "buildx imagetools inspect" ] && echo {DIGEST}\n'


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml"])
def test_every_base_image_gets_its_digest_and_nothing_else_changes(tmp_path, name):
    file = Path(shutil.copy(DEPLOY / name, tmp_path))
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for _ in range(2):  # what has a digest is left as it is
        subprocess.run([DEPLOY / "pin-images.sh", file], env=environ, check=True)
    pinned = file.read_text()
    assert pinned.replace(f"@{DIGEST}", "") == (DEPLOY / name).read_text()
    named = re.findall(r"(?m)^(?:FROM| *image:) (\S+)", pinned)
    assert len(named) > 1
    assert all(image.endswith(f"@{DIGEST}") for image in named if image != "progimage")
