"""The one-way street of imports, and who may know which library."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "progimage"

# Top to bottom: each floor may import what stands below it, and each room itself.
FLOORS = [
    {"__main__"},
    {"cli"},
    {"server"},
    {"api", "maintenance"},
    {"webhooks"},
    {"jobs"},
    {"origins"},
    {"ingest", "renditions"},
    {"access", "library"},
    {"telemetry"},
    {"config"},
    {"imaging", "stores"},
    {"model"},
    {"fields", "keys", "errors", "lru"},
    {"client"},  # runs elsewhere, so it knows nothing of the server
]

KNOWS = {
    "falcon": {"api", "server"},
    "gunicorn": {"api", "server"},
    "PIL": {"imaging"},
    "cykooz_resizer": {"imaging"},
    "pyvips": {"imaging"},
    "magic": {"imaging"},
    "pebble": {"imaging"},
    "httpcore": {"ingest", "origins", "webhooks"},
    "idna": {"ingest"},
    "celery": {"server"},
    "boto3": {"stores"},
    "botocore": {"stores"},
    "jwt": {"access"},
    "cryptography": {"access"},
    "argon2": {"access"},
    "typer": {"cli"},
    "rich": {"cli"},
    "tomllib": {"config"},
    "sqlite3": {"renditions"},
    "httpx": {"client", "jobs"},
    "prometheus_client": {"telemetry"},
    "opentelemetry": {"telemetry"},
}

FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """Return the top-level part of the package a file belongs to."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


@cache
def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def level(name: str) -> int:
    return next(n for n, floor in enumerate(FLOORS) if name in floor)


def test_imports_point_one_way():
    wrong = []
    for path in FILES:
        ours = room(path)
        for name in imports(path) if ours != "__init__" else ():
            parts = name.split(".")
            if parts[0] != "progimage" or len(parts) < 2 or parts[1] == "__version__":
                continue
            if parts[1] != ours and level(parts[1]) <= level(ours):
                wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert wrong == []


def test_each_library_is_known_in_its_own_room_only():
    wrong = []
    for path in FILES:
        for name in imports(path):
            allowed = KNOWS.get(name.split(".")[0])
            if allowed is not None and room(path) not in allowed:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert wrong == []


def test_only_one_file_reads_the_environment():
    for path in FILES:
        if path != PACKAGE / "config" / "reading.py":
            text = path.read_text("utf-8")
            assert not re.search(r"os\.environ|getenv", text), path
