"""Jobs by Celery workers: the same results, whichever process dies and whatever is lost."""

from __future__ import annotations

import signal
from typing import Any

from tests.system.celery.conftest import FAST, Redis, Site, begin, counts, finish, working
from tests.system.serving.server import Server, running, wait_until


def essence(items: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Leave out what depends on who was first, and on the address of the server."""
    return {
        state: [
            {name: value for name, value in item.items() if name not in ("is_new", "location")}
            for item in found
        ]
        for state, found in items.items()
    }


def test_a_worker_killed_in_the_middle_costs_nothing_and_the_result_is_the_embedded_runners(
    server: Server, site: Site, tmp_path
):
    document = {"urls": site.urls(500), "title": "Harbour"}
    with working(server, count=2) as (victim, survivor):
        path = begin(server, document)
        wait_until(lambda: 100 <= counts(server, path)["complete"] < 480, 60)
        assert victim.stop(signal.SIGKILL) == -signal.SIGKILL
        result = finish(server, path)
        assert survivor.process.poll() is None
    assert [len(result[state]) for state in ("pending", "complete", "failed")] == [0, 480, 20]
    with running(tmp_path / "embedded", **FAST) as embedded:
        assert essence(finish(embedded, begin(embedded, document))) == essence(result)


def test_a_job_whose_messages_were_lost_is_found_in_the_store(
    server: Server, broker: Redis, site: Site
):
    path = begin(server, {"urls": site.urls(40)})
    broker.forget()
    with working(server):
        assert len(finish(server, path)["complete"]) == 38


def test_a_job_is_taken_while_the_broker_is_away_and_done_when_it_is_back(
    server: Server, broker: Redis, site: Site
):
    broker.stop()
    path = begin(server, {"urls": site.urls(20)})
    wait_until(lambda: "the broker cannot be reached" in server.log)
    broker.start()
    with working(server):
        assert len(finish(server, path)["complete"]) == 18


def test_a_worker_that_gets_sigterm_leaves_the_rest_to_another(server: Server, site: Site):
    path = begin(server, {"urls": site.urls(300)})
    with working(server) as [first]:
        wait_until(lambda: counts(server, path)["complete"] > 20)
        assert first.stop() == 0, first.log
    assert server.get(path).json["status"] == "in-progress"
    with working(server):
        assert len(finish(server, path)["complete"]) == 288


def test_web_nodes_do_no_jobs_where_there_is_a_broker(server: Server, site: Site):
    path = begin(server, {"urls": site.urls(5)})
    with working(server) as [worker]:
        finish(server, path)
        assert worker.process.poll() is None
    assert site.served == 5


def test_workers_need_no_broker(tmp_path, site: Site):
    with running(tmp_path / "web", jobs_runner="none", **FAST) as server:
        path = begin(server, {"urls": site.urls(30)})
        with working(server):
            assert len(finish(server, path)["complete"]) == 28
