"""A client of many nodes: every request goes to another one, and each answer is noted."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from tests.system.nodes.history import (
    Call,
    Counted,
    Edited,
    Fetched,
    Fields,
    Life,
    Looked,
    Removed,
    Shown,
    Uploaded,
    Walked,
)
from tests.system.nodes.pictures import Card, is_right
from tests.system.serving.server import Answer, Peer


@dataclass
class Notes:
    """What all clients of a run have noted, and the pictures that they know to be there."""

    calls: list[Call] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    cards: dict[Life, Card] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, card: Card) -> None:
        with self._lock:
            self.cards[card.life] = card

    def drop(self, card: Card) -> None:
        with self._lock:
            self.cards.pop(card.life, None)

    def known(self) -> list[Card]:
        with self._lock:
            return sorted(self.cards.values(), key=lambda card: card.life)


class Session:
    """One client, who does one thing after another.

    Args:
        owner: the account, "" for none.
        headers: its credentials.
        doors: the nodes and what stands before them, by name.
    """

    def __init__(
        self,
        name: str,
        owner: str,
        headers: Mapping[str, str],
        doors: Mapping[str, Peer],
        notes: Notes,
        draw: random.Random,
    ) -> None:
        self.name = name
        self.owner = owner
        self.headers = dict(headers)
        self.doors = list(doors.items())
        self.notes = notes
        self.draw = draw
        self._turn = draw.randrange(len(self.doors))

    def upload(self, data: bytes, fields: Fields) -> Card | None:
        """Upload a picture; return it if it was not here before."""
        query = [("title", fields.title), ("visibility", fields.visibility)]
        query += [("tags", tag) for tag in sorted(fields.tags)]
        answer, when = self._ask(
            "POST", f"/images/?{urlencode(query)}", data, {"Content-Type": "image/png"}
        )
        if not self._expect(answer, when, 200, 201):
            return None
        return self._noted(answer.json, data, when, is_new=answer.status == 201)

    def edit(self, card: Card, shown: Shown, etag: str, fields: Fields) -> None:
        """Edit the version that was shown, if it still is the last."""
        patch = {
            "title": fields.title,
            "tags": sorted(fields.tags),
            "visibility": fields.visibility,
        }
        answer, when = self._ask(
            "PATCH",
            f"{card.path}metadata/",
            json.dumps(patch),
            {"Content-Type": "application/merge-patch+json", "If-Match": etag},
        )
        if not self._expect(answer, when, 200, 412, 404):
            return
        if answer.status == 404:
            self._note(Looked(**when, image_id=card.id, shown=None))
            return
        revision = answer.json["revision"] if answer.status == 200 else None
        if revision and shown_in(answer.json).fields != fields:
            self.notes.wrong.append(f"{when}: {fields} was answered with {answer.json}")
        life, base = shown.life, shown.revision
        self._note(Edited(**when, life=life, base=base, fields=fields, revision=revision))

    def remove(self, card: Card) -> None:
        """Remove a picture of one's own."""
        self.notes.drop(card)
        answer, when = self._ask("DELETE", card.path)
        if self._expect(answer, when, 204):
            self._note(Removed(**when, life=card.life))

    def look(self, card: Card) -> tuple[Shown, str] | None:
        """Read the record; return it with its ETag, None if it is not there."""
        answer, when = self._ask("GET", f"{card.path}metadata/")
        if not self._expect(answer, when, 200, 404):
            return None
        shown = shown_in(answer.json) if answer.status == 200 else None
        self._note(Looked(**when, image_id=card.id, shown=shown))
        return (shown, answer.headers["etag"]) if shown else None

    def fetch(self, card: Card, what: str = "original", door: int | None = None) -> None:
        """Fetch the original or a rendition, and compare it with the picture."""
        path = card.path if what == "original" else card.path + what
        answer, when = self._ask("GET", path, door=door)
        if not self._expect(answer, when, 200, 404):
            return
        self._note(Fetched(**when, image_id=card.id, what=what, came=answer.status == 200))
        if answer.status == 200 and not is_right(answer.body, card, what):
            self.notes.wrong.append(f"{when}: {what} of {card.id} is not that of the picture")

    def fetch_everywhere(self, card: Card, *whats: str) -> None:
        """Fetch through every door."""
        for door in range(len(self.doors)):
            for what in whats:
                self.fetch(card, what, door)

    def walk(self, *wanted: tuple[str, str], limit: int = 4, door: int | None = None) -> None:
        """Read a listing or a search from its first page to its last, each by another node."""
        parameters = {"tag": "tag", "word": "q", "visibility": "visibility"}
        query = [("limit", limit), *((parameters[kind], value) for kind, value in wanted)]
        path: str | None = f"/images/?{urlencode(query)}"
        shown: list[Shown] = []
        calls: list[dict[str, Any]] = []
        total = None
        while path is not None:
            answer, when = self._ask("GET", path, door=door)
            if not self._expect(answer, when, 200):
                return
            page = answer.json
            if not calls and page["total_is_exact"]:
                total = page["total"]
            calls.append(when)
            shown += map(shown_in, page["data"])
            path = page["next"]
        self._note(
            Walked(
                begun=calls[0]["begun"],
                ended=calls[-1]["ended"],
                by=self.owner,
                door="+".join(when["door"] for when in calls),
                wanted=wanted,
                shown=tuple(shown),
                first_ended=calls[0]["ended"],
                total=total,
            )
        )

    def count_tags(self, door: int | None = None) -> None:
        """List the tags."""
        answer, when = self._ask("GET", "/tags/?limit=1000", door=door)
        if self._expect(answer, when, 200):
            counts = {tag["tag"]: tag["count"] for tag in answer.json["data"]}
            self._note(Counted(**when, counts=counts))

    def purge(self, card: Card) -> None:
        """Throw the cached renditions of a picture away."""
        answer, when = self._ask("DELETE", f"{card.path}renders/")
        self._expect(answer, when, 200, 404)

    def import_(self, pictures: Mapping[str, bytes], fields: Fields) -> list[Card]:
        """Have pictures imported by a job, a blank line among them, and wait for its end."""
        urls = [*pictures, ""]
        fields = {
            "urls": urls,
            "title": fields.title,
            "tags": sorted(fields.tags),
            "visibility": fields.visibility,
        }
        cards: list[Card] = []
        for item, when in self._work(fields, len(urls), failed=1):
            data = pictures[item["url"]]
            answer, _ = self._ask("GET", f"/images/{item['id']}/metadata/")
            if self._expect(answer, when, 200):
                card = self._noted(answer.json, data, when, is_new=item["is_new"])
                cards += [card] if card else []
        return cards

    def render_ahead(self, cards: Sequence[Card], transforms: Sequence[str]) -> None:
        """Have renditions made by a job; each is cached when the job has ended."""
        fields = {"images": [card.id for card in cards], "transforms": list(transforms)}
        list(self._work(fields, len(cards) * len(transforms), failed=0))
        for card in cards:
            for transform in transforms:
                self.fetch(card, transform)

    def _work(self, fields: dict[str, Any], items: int, failed: int):
        """Create a job; yield each item that is complete, with the span of its making."""
        headers = {"Content-Type": "application/json"}
        answer, sent = self._ask("POST", "/jobs/", json.dumps(fields), headers)
        if not self._expect(answer, sent, 202):
            return
        path, done, was = f"/jobs/{answer.json['id']}/", set(), {"complete": 0, "failed": 0}
        while True:
            answer, when = self._ask("GET", path)
            if not self._expect(answer, when, 200):
                return
            job, counts = answer.json, answer.json["counts"]
            if any(counts[state] < was[state] for state in was):
                self.notes.wrong.append(f"{when}: a job went back from {was} to {counts}")
            was = {state: counts[state] for state in was}
            for item in job["uploaded"]["complete"]:
                name = (item["index"], item.get("transform"))
                if name not in done:
                    done.add(name)
                    yield item, {**when, "begun": sent["begun"]}
            if job["status"] == "complete":
                listed = len(job["uploaded"]["complete"])
                if was != {"complete": items - failed, "failed": failed} or listed != len(done):
                    self.notes.wrong.append(f"{when}: a job has ended as {job}")
                return
            time.sleep(0.1)

    def _noted(
        self, record: dict[str, Any], data: bytes, when: dict[str, Any], *, is_new: bool
    ) -> Card | None:
        shown = shown_in(record)
        self._note(Uploaded(**when, shown=shown, is_new=is_new))
        if not is_new:
            return None
        card = Card(shown.life, self.owner, self.name, data)
        self.notes.keep(card)
        return card

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        door: int | None = None,
    ) -> tuple[Answer, dict[str, Any]]:
        """Send a request to the next door, or to the one that is named."""
        self._turn = (self._turn + 1) % len(self.doors) if door is None else door
        name, peer = self.doors[self._turn]
        begun = time.monotonic()
        answer = peer.request(method, path, body, {**self.headers, **(headers or {})})
        when = {"begun": begun, "ended": time.monotonic(), "by": self.owner, "door": name}
        return answer, {**when, "door": f"{name} ({answer.headers.get('x-request-id', '')[:8]})"}

    def _expect(self, answer: Answer, when: dict[str, Any], *statuses: int) -> bool:
        if answer.status in statuses:
            return True
        self.notes.wrong.append(f"{when}: {answer.status} {answer.body[:300]!r}")
        return False

    def _note(self, call: Call) -> None:
        self.notes.calls.append(call)


def shown_in(record: Mapping[str, Any]) -> Shown:
    """Return what a record says."""
    fields = Fields(record["title"], frozenset(record["tags"]), record["visibility"])
    return Shown((record["id"], record["created"]), record["revision"], fields)
