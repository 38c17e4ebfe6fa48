"""Schemathesis asks a live server everything its description allows, and more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import running

HERE = Path(__file__).parent
SEED = os.environ.get("SCHEMATHESIS_SEED", "20261121")
SECONDS = os.environ.get("SCHEMATHESIS_SECONDS", "90")
STATEFUL_SECONDS = os.environ.get("SCHEMATHESIS_STATEFUL_SECONDS", "40")


@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("phases", "seconds"),
    [
        pytest.param("examples,coverage,fuzzing", SECONDS, id="each-call"),
        # What one call gave, the next ones take: made, changed, removed, looked for again.
        pytest.param("stateful", STATEFUL_SECONDS, id="calls-in-a-row"),
    ],
)
def test_a_live_server_keeps_to_its_description(tmp_path, phases, seconds):
    accounts = {"auth_mode": "optional", "auth_secret": "x" * 32, "auth_registration": "open"}
    with running(tmp_path, server_workers=2, render_timeout_s=5, **accounts) as server:
        picture = server.upload(saved(quadrants(), "JPEG"))
        host, port = server.address
        command = [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            f"http://{host}:{port}/openapi.json",
            f"--phases={phases}",
            f"--max-time={seconds}",
            "--max-examples=25",
            f"--seed={SEED}",
            "--generation-database=none",
            "--request-timeout=30",
            "--suppress-health-check=all",
            "--warnings=off",
            "--no-color",
            "--continue-on-failure",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=400,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)},
        )
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
        assert server.log_lines("unexpected error") == []
        assert server.get(picture).status == 200
