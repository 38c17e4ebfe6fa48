"""How soon a page answers a person who scrolls, selects and opens: Interaction to Next Paint."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

AIM_MS = 400
"""Time to move the hand to the next target and press."""
KEY_MS = 80
TICK_PX = 600
TICK_MS = 30
_TICKS = 20
"""Turns of the wheel between one thing that is done and the next."""
_MIDDLE = (700, 500)
_CORNER_PX = 20

# Durations of events are multiples of 8 ms; events shorter than 16 ms are not reported, but count
# as interactions. Source: W3C Event Timing API.
OBSERVE = """
window.seen = {events: [], shifts: [], deeds: []};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (!entry.interactionId) continue;
    const delay = entry.processingStart - entry.startTime;
    const handled = entry.processingEnd - entry.processingStart;
    const deed = seen.deeds.findLast(([began]) => began <= entry.startTime)?.[1] ?? "";
    seen.events.push([entry.interactionId, deed, entry.name, entry.duration, delay, handled]);
  }
}).observe({type: "event", durationThreshold: 16, buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shifts.push(entry.value);
}).observe({type: "layout-shift", buffered: true});
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a deed: milliseconds until the next frame, until its handlers, and in them."""

    deed: str
    name: str
    duration: float
    delay: float
    handled: float

    @property
    def parts(self) -> str:
        """Say what the time consists of: before the handlers, in them, and after them."""
        after = self.duration - self.delay - self.handled
        return f"{self.name}: {self.delay:.0f} + {self.handled:.0f} + {after:.0f} ms"


@dataclass(frozen=True, slots=True)
class Interactions:
    """The longest event of each interaction, the slowest first, and how many there were."""

    slowest: list[Event]
    count: int

    @property
    def inp(self) -> Event:
        """Return the slowest interaction but one for each fifty.

        Source: GoogleChrome/web-vitals, `estimateP98LongestInteraction`.
        """
        return self.slowest[min(len(self.slowest) - 1, self.count // 50)]

    @property
    def slowest_of_each(self) -> str:
        """Say how long the slowest interaction of each deed took."""
        deeds = {event.deed: event.duration for event in reversed(self.slowest)}
        return ", ".join(f"{deed} {duration:.0f}" for deed, duration in sorted(deeds.items()))

    @property
    def median_ms(self) -> float:
        """Return the median; those that are too short to be reported count as 8 ms."""
        short = self.count - len(self.slowest)
        return statistics.median([event.duration for event in self.slowest] + [8.0] * short)


def interactions(page: Page) -> Interactions:
    """Return the interactions with a page since it was loaded."""
    page.wait_for_timeout(500)
    longest: dict[int, Event] = {}
    for number, *values in page.evaluate("seen.events"):
        event = Event(*values)
        if number not in longest or event.duration > longest[number].duration:
            longest[number] = event
    slowest = sorted(longest.values(), key=lambda event: -event.duration)
    return Interactions(
        slowest or [Event("", "none", 0.0, 0.0, 0.0)], page.evaluate("performance.interactionCount")
    )


def shifts(page: Page) -> float:
    """Return the sum of all layout shifts that no input caused."""
    return float(sum(page.evaluate("seen.shifts")))


def walk(
    page: Page, wheel: Callable[[int], int], is_done: Callable[[float], bool], ends: int
) -> float:
    """Scroll through the page and do in turn what a person does in it; return the seconds it took.

    `wheel` returns how far the wheel is turned at a tick; `is_done` gets the seconds so far. At
    the end all is done `ends` times more.
    """
    turns = cycle(_DEEDS)
    started = time.perf_counter()
    ticks = 0
    page.mouse.move(*_MIDDLE)
    while True:
        page.mouse.wheel(0, wheel(ticks))
        page.wait_for_timeout(TICK_MS)
        ticks += 1
        if ticks % _TICKS == 0:
            _do(page, next(turns))
            page.mouse.move(*_MIDDLE)
            if is_done(time.perf_counter() - started):
                break
    took_s = time.perf_counter() - started
    for deed in list(_DEEDS) * ends:
        _do(page, deed)
    return took_s


def _do(page: Page, deed: str) -> None:
    page.evaluate("(deed) => seen.deeds.push([performance.now(), deed])", deed)
    _DEEDS[deed](page)


def _tile(page: Page, x: int, y: int) -> tuple[float, float] | None:
    """Return the corner of the tile at a point; none if a bar could cover that corner."""
    found = page.evaluate(
        """([x, y]) => {
          const box = document.elementFromPoint(x, y)?.closest(".tile")?.getBoundingClientRect();
          return box ? [box.left, box.top] : null;
        }""",
        [x, y],
    )
    return tuple(found) if found and 90 < found[1] < 780 else None


def _click(page: Page, at: tuple[float, float] | None, from_corner_px: int = _CORNER_PX) -> None:
    if at:
        page.mouse.click(at[0] + from_corner_px, at[1] + from_corner_px)


def _select_in_passing(page: Page) -> None:
    """Select a picture while the page still moves, and deselect it."""
    _click(page, _tile(page, *_MIDDLE))
    page.keyboard.press("Escape")


def _select_a_range(page: Page) -> None:
    page.wait_for_timeout(AIM_MS)
    _click(page, _tile(page, 300, 300))
    page.wait_for_timeout(AIM_MS)
    page.keyboard.down("Shift")
    _click(page, _tile(page, 1000, 560))
    page.keyboard.up("Shift")
    page.wait_for_timeout(AIM_MS)
    page.keyboard.press("Escape")


def _select_by_keys(page: Page) -> None:
    page.wait_for_timeout(AIM_MS)
    _click(page, _tile(page, 300, 300))
    for key in ("ArrowRight", "ArrowRight", "x", "ArrowDown", "x", "Escape"):
        page.wait_for_timeout(2 * KEY_MS)
        page.keyboard.press(key)


def _open_and_close(page: Page) -> None:
    page.wait_for_timeout(AIM_MS)
    at = _tile(page, 300, 300)
    if at is None:
        return
    _click(page, at, 100)
    page.locator(".tile").first.wait_for(state="detached")
    page.wait_for_timeout(AIM_MS)
    page.keyboard.press("Escape")
    page.locator(".tile").first.wait_for()


_DEEDS = {
    "in passing": _select_in_passing,
    "range": _select_a_range,
    "keys": _select_by_keys,
    "open and close": _open_and_close,
}


def open_plain_page(page: Page, host: str, ids: list[str]) -> None:
    """Show a page of thumbnails that has nothing but what `walk` needs."""
    tiles = "".join(
        f'<img class=tile tabindex=0 src="/images/{each}/thumbnail:height=320.webp">'
        for each in ids
    )
    page.route(
        "**/plain", lambda route: route.fulfill(body=_PLAIN % tiles, content_type="text/html")
    )
    page.goto(f"http://{host}/plain")
    page.locator(".tile").last.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.evaluate("scrollTo(0, 0)")
    page.unroute_all()


_PLAIN = """<!doctype html><meta charset=utf-8><title>Plain</title><style>
body { margin: 0 }
main { display: grid; grid-template-columns: repeat(4, 1fr); gap: 10px; padding: 100px 30px }
.tile { width: 100%%; height: 230px; object-fit: cover }
.on { outline: 4px solid teal; outline-offset: -4px }
</style><main>%s</main><script type=module>
const main = document.querySelector("main");
const tiles = [...main.children];
let last = 0;
let offset = 0;
const select = (at) => tiles[at].classList.toggle("on");
const open = (tile) => {
  offset = scrollY;
  const large = new Image();
  large.src = tile.src.replace(/thumbnail.*/, "resize:height=1600,width=1600.webp");
  main.replaceChildren(large);
};
onclick = ({target, shiftKey, offsetX, offsetY}) => {
  const at = tiles.indexOf(target);
  if (at < 0) return;
  if (offsetX > 44 || offsetY > 44) return open(target);
  const range = tiles.slice(Math.min(last, at), Math.max(last, at) + 1);
  if (shiftKey) range.forEach((tile) => tile.classList.add("on"));
  else select(at);
  last = at;
  target.focus({preventScroll: true});
};
onkeydown = (event) => {
  const at = tiles.indexOf(document.activeElement);
  const step = {ArrowRight: 1, ArrowDown: 4}[event.key];
  if (step && tiles[at + step]) { event.preventDefault(); tiles[at + step].focus(); }
  if (event.key === "x" && at >= 0) select(at);
  if (event.key !== "Escape") return;
  if (main.children.length === 1) { main.replaceChildren(...tiles); scrollTo(0, offset); }
  tiles.forEach((tile) => tile.classList.remove("on"));
};
</script>"""
