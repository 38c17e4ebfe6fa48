"""Jobs on the command line, with scripted servers."""

from __future__ import annotations

import json

from tests.client.scripted import Reply, scripted
from tests.client.test_flaky_server import COMPLETE, PENDING, REST


def test_an_import_is_followed_to_its_end_and_failures_are_printed(run):
    replies = [Reply(202, PENDING), Reply(200, PENDING), Reply(200, COMPLETE), Reply(200, REST)]
    with scripted(replies) as server:
        urls = b"# pictures\nhttp://x/a.png\n\nhttp://x/b.png\n"
        done = run("import-urls", "-", "--tag", "t", "--url", server.url, stdin=urls)
    assert done.code == 1
    assert "failed:\tc\tno" in done.lines
    sent = json.loads(server.seen[0].body)
    assert sent == {"urls": ["http://x/a.png", "http://x/b.png"], "tags": ["t"]}


def test_jobs_are_listed_shown_and_cancelled(run):
    page = {"data": [COMPLETE], "next": None}
    replies = [Reply(200, page), Reply(200, PENDING), Reply(200, PENDING), Reply(204)]
    with scripted(replies) as server:
        assert run("jobs", "list", "--url", server.url).lines[0].startswith("j1\t")
        [shown] = run("jobs", "show", "j1", "--json", "--url", server.url).json
        assert shown["status"] == "pending"
        assert run("jobs", "cancel", "j1", "--url", server.url).code == 0
    assert server.seen[-1].method == "DELETE"
