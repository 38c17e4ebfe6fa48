"""What the clients of a run do: drawn from a seed, a bounded number of steps each.

The seed decides what each client tries next, given the answers it has so far. When
exactly requests meet is left to the machine.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.jobs.source import Source
from tests.system.nodes.history import Fields
from tests.system.nodes.pictures import RENDITIONS, Card, drawn
from tests.system.nodes.session import Notes, Session
from tests.system.serving.server import Peer

WORDS = ("harbour", "dusk", "hill")
TAGS = ("sea", "sky", "boat")
IMPORTED = 4


class Client:
    """A session that acts by itself.

    Attributes:
        number: of all clients; what they upload differs by it.
        others: sessions of other people, who are asked what they see of a change.
    """

    def __init__(self, session: Session, number: int, source: Source, *, hides: bool) -> None:
        self.session = session
        self.others: list[Session] = []
        self._number = number
        self._source = source
        self._hides = hides
        self._draw = session.draw
        self._drawn = self._edits = self._fetched = 0
        self._gone: list[Card] = []
        self._acts = {
            self._upload: 6,
            self._retitle: 5,
            self._move: 4 if hides else 0,
            self._remove: 3,
            self._send_again: 2,
            self._edit_twice: 2,
            self._look_around: 4,
            self._import: 0.5,
            self._render_ahead: 0.5,
        }

    def run(self, steps: int) -> None:
        self._upload()
        for _ in range(steps):
            act = self._draw.choices(list(self._acts), list(self._acts.values()))[0]
            act()
        # What chance may have left out.
        self._retitle()
        self._remove()

    def _upload(self) -> None:
        self._drawn += 1
        card = self._send(drawn(self._number * 256 * 8 + self._drawn))
        if card is not None:
            self.session.fetch(card)
            self._other().fetch(card, self._rendition())

    def _retitle(self) -> None:
        """Edit; no node then finds the picture by its old title."""
        if (card := self._any_of_mine()) and (found := self.session.look(card)):
            shown, etag = found
            self.session.edit(card, shown, etag, self._new_fields(shown.fields.visibility))
            self.session.walk(("word", shown.fields.title.split()[0]))
            self._other().look(card)

    def _move(self) -> None:
        """Hide a picture that others look at, or show one again."""
        if (card := self._any_of_mine()) and (found := self.session.look(card)):
            shown, etag = found
            rendition = self._rendition()
            other = self._other()
            other.fetch(card, rendition)
            visibility = "private" if shown.fields.visibility == "public" else "public"
            fields = shown.fields._replace(visibility=visibility)
            self.session.edit(card, shown, etag, fields)
            other.fetch_everywhere(card, rendition, "original")
            other.walk(("word", shown.fields.title.split()[0]))
            self.session.fetch(card, rendition)

    def _remove(self) -> None:
        """Remove; then no node has it, in no form."""
        if card := self._draw_from(self._my_pictures()):
            rendition = self._rendition()
            self._other().fetch(card, rendition)
            self.session.remove(card)
            self._gone.append(card)
            self._other().fetch_everywhere(card, rendition, "original")
            self.session.look(card)
            self.session.walk(("tag", self.session.name))

    def _send_again(self) -> None:
        """Send bytes that are here, or were."""
        if self._gone and self._draw.random() < 0.5:
            self._send(self._gone.pop().data)
        elif card := self._draw_from(self._my_pictures()):
            self._send(card.data)

    def _edit_twice(self) -> None:
        """Of two edits of one version the second is refused."""
        if (card := self._any_of_mine()) and (found := self.session.look(card)):
            for _ in range(2):
                self.session.edit(card, *found, self._new_fields(found[0].fields.visibility))

    def _look_around(self) -> None:
        session = self.session
        session.walk()
        session.walk(("tag", self._draw.choice(TAGS)))
        session.walk(("word", self._draw.choice(WORDS)), ("tag", self._draw.choice(TAGS)))
        if self._hides:
            session.walk(("visibility", self._draw.choice(("public", "private"))))
        session.count_tags()
        if card := self._draw_from(session.notes.known()):
            session.look(card)
            session.fetch(card, self._rendition())
        if card := self._draw_from(self._my_pictures()):
            session.purge(card)
            session.fetch(card, self._rendition())

    def _import(self) -> None:
        pictures = {}
        for _ in range(IMPORTED):
            self._fetched += 1
            url = self._source.url(f"{self._number * 1000 + self._fetched}.png")
            pictures[url] = self._source.picture(self._number * 1000 + self._fetched)
        for card in self.session.import_(pictures, self._new_fields("public")):
            self._other().fetch(card)

    def _render_ahead(self) -> None:
        if cards := self._my_pictures()[:3]:
            self.session.render_ahead(cards, list(RENDITIONS)[:2])

    def _send(self, data: bytes) -> Card | None:
        visibility = "private" if self._hides and self._draw.random() < 0.25 else "public"
        fields = self._new_fields(visibility)
        card = self.session.upload(data, fields)
        if card is not None:
            self.session.look(card)
            self.session.walk(("word", fields.title.split()[0]))
            self._other().walk(("tag", self.session.name))
        return card

    def _new_fields(self, visibility: str) -> Fields:
        """Return a title with a word that no other picture or version has, and some tags."""
        self._edits += 1
        word = f"{self.session.name}v{self._edits}q"
        tags = {self.session.name, *self._draw.sample(TAGS, 2)}
        return Fields(f"{word} {self._draw.choice(WORDS)}", frozenset(tags), visibility)

    def _rendition(self) -> str:
        return self._draw.choice(list(RENDITIONS))

    def _other(self) -> Session:
        return self._draw.choice(self.others)

    def _any_of_mine(self) -> Card | None:
        """Return a picture of this owner, often one that other clients of it edit too."""
        known = self.session.notes.known()
        return self._draw_from([card for card in known if card.owner == self.session.owner])

    def _my_pictures(self) -> list[Card]:
        known = self.session.notes.known()
        return [card for card in known if card.keeper == self.session.name]

    def _draw_from(self, cards: Sequence[Card]) -> Card | None:
        return self._draw.choice(cards) if cards else None


def run(
    seed: int,
    people: Sequence[tuple[str, Mapping[str, str]]],
    doors: Mapping[str, Peer],
    source: Source,
    *,
    steps: int,
    hides: bool,
) -> Notes:
    """Let clients act at once; return what they noted.

    Args:
        people: the owner and the credentials of each client.
        hides: whether pictures can be private.
    """
    notes = Notes()

    def session(name: str, owner: str, headers: Mapping[str, str]) -> Session:
        return Session(name, owner, headers, doors, notes, random.Random(f"{seed}/{name}"))

    clients = []
    for number, (owner, headers) in enumerate(people):
        client = Client(session(f"c{number}", owner, headers), number, source, hides=hides)
        # Who asks on a client's behalf is part of its one thread.
        client.others = [
            session(f"c{number}-sees-{n}", other, seen) for n, (other, seen) in enumerate(people)
        ]
        client.others.append(session(f"c{number}-has-no-account", "", {}))
        clients.append(client)
    with ThreadPoolExecutor(len(clients)) as threads:
        for done in [threads.submit(client.run, steps) for client in clients]:
            done.result()
    return notes
