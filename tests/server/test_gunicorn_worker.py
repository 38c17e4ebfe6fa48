"""The worker of gunicorn; `tests/system/serving` runs it as a whole."""

from __future__ import annotations

import selectors
from types import SimpleNamespace

from gunicorn.config import Config

from progimage.server.gunicorn_worker import PatientWorker
from tests.server.connections import connected


def test_an_idle_connection_may_be_ended_for_another_just_when_its_request_comes():
    app = SimpleNamespace(callable=None)
    worker = PatientWorker(1, 1, [], app, 30, Config(), SimpleNamespace())
    worker.poller = selectors.DefaultSelector()
    conn, client = connected()
    worker.nr_conns = 1
    worker.begin_waiting()
    worker._after_answer(conn, True)
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    events = worker.poller.select(60)
    assert worker._end_an_idle_connection()
    for key, _ in events:
        key.data(key.fileobj)
    assert worker.nr_conns == 0
    client.close()
    worker.poller.close()
    worker.tmp.close()
