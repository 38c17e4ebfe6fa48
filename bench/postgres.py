"""A PostgreSQL with the records of a library, to compare searches."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from bench.peers import PeerMissing
from progimage.library.index import facets
from progimage.library.search.page import MAX_TOTAL
from progimage.library.search.query import Query
from progimage.model import Record

_SYSTEM_USER = "postgres"

# A database that is there for this alone would be given about so much of the machine.
_SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "1GB",
    "effective_cache_size": "8GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "synchronous_commit": "off",
}

_TABLE: LiteralString = """
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE TABLE pictures (
        id text PRIMARY KEY,
        created timestamptz NOT NULL,
        owner text NOT NULL,
        visibility text NOT NULL,
        media_type text NOT NULL,
        tags text[] NOT NULL,
        words text NOT NULL,
        record bytea NOT NULL
    )
"""
_INDEXES: tuple[LiteralString, ...] = (
    "CREATE INDEX ON pictures (visibility, created DESC, id)",
    "CREATE INDEX ON pictures (media_type, created DESC, id)",
    "CREATE INDEX ON pictures USING gin (tags)",
    "CREATE INDEX ON pictures USING gin (words gin_trgm_ops)",
    "VACUUM ANALYZE pictures",
)


@contextmanager
def server(folder: Path) -> Iterator[psycopg.Connection]:
    """Run a server on a Unix socket, its data below `folder`; yield a connection.

    Raises:
        PeerMissing: PostgreSQL is not installed, or does not start.
    """
    programs = _programs()
    folder.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
    # A socket's path may have 107 bytes at most, and other users must pass to it.
    sockets = Path(tempfile.mkdtemp(prefix="pg-"))
    for path in (data, sockets):
        if os.geteuid() == 0:
            shutil.chown(path, _SYSTEM_USER, _SYSTEM_USER)
    options = [f"-c {name}={value}" for name, value in _SETTINGS.items()]
    options.append(f"-c unix_socket_directories={sockets}")
    try:
        _run(programs / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        control = (programs / "pg_ctl", "-D", data, "-w", "-l", data / "log")
        _run(*control, "-o", " ".join(options), "start")
        try:
            user = _SYSTEM_USER if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
            with psycopg.connect(
                host=os.fspath(sockets), user=user, dbname="postgres", autocommit=True
            ) as connection:
                yield connection
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)


def load(connection: psycopg.Connection, records: Iterable[Record]) -> None:
    """Fill the table in place of what it held, then index it."""
    connection.execute("DROP TABLE IF EXISTS pictures")
    connection.execute(_TABLE)
    with connection.cursor().copy("COPY pictures FROM STDIN") as copy:
        for record in records:
            tags = [facets.tag(tag).value for tag in record.tags]
            words = " ".join(sorted(facets.words_of(record)))
            copy.write_row(
                (
                    record.id,
                    record.created,
                    record.owner,
                    record.visibility,
                    record.media_type,
                    tags,
                    words,
                    record.to_json(),
                )
            )
    for statement in _INDEXES:
        connection.execute(statement)


def search(
    connection: psycopg.Connection, query: Query, limit: int, before: datetime | None = None
) -> tuple[list[Record], int]:
    """Return the newest matches, or the newest from before a time, and how many match.

    As in the library, matches are counted for a first page only, and to the same bound.
    """
    where, values = _conditions(query)
    total = 0
    if before is None:
        counting = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM pictures WHERE {} LIMIT {}) m")
        bounded = counting.format(where, sql.Literal(MAX_TOTAL + 1))
        [[total]] = connection.execute(bounded, values)
    else:
        where += sql.SQL(" AND created < %s")
        values.append(before)
    page = sql.SQL("SELECT record FROM pictures WHERE {} ORDER BY created DESC, id LIMIT {}")
    rows = connection.execute(page.format(where, sql.Literal(limit)), values)
    return [Record.model_validate_json(row[0]) for row in rows], total


def _conditions(query: Query) -> tuple[sql.Composed, list[object]]:
    parts: list[LiteralString] = ["visibility = %s"]
    values: list[object] = [query.visibility or "public"]
    if query.tags:
        parts.append("tags @> %s")
        values.append([tag.value for tag in query.tags])
    if query.any_tags:
        parts.append("tags && %s")
        values.append([tag.value for tag in query.any_tags])
    for needle in query.needles:
        parts.append("words LIKE %s")
        values.append(f"%{needle}%")
    if query.media_type:
        parts.append("media_type = %s")
        values.append(query.media_type)
    return sql.SQL(" AND ").join(map(sql.SQL, parts)), values


def _programs() -> Path:
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not versions:
        raise PeerMissing(
            "PostgreSQL is missing; on Debian or Ubuntu: sudo apt-get install postgresql"
        )
    return versions[-1].parent


def _run(*command: str | os.PathLike[str]) -> None:
    # PostgreSQL refuses to run as root.
    user = _SYSTEM_USER if os.geteuid() == 0 else None
    done = subprocess.run(command, user=user, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise PeerMissing(f"{Path(command[0]).name} failed: {done.stderr.strip()[-400:]}")
