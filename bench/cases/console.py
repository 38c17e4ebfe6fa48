"""The console in a browser: 500 pictures sorted out by hand, and 5,000 scrolled through."""

from __future__ import annotations

import io
import os
import random
import secrets
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from PIL import Image, ImageDraw

from bench import servers
from bench.bench import Bench
from bench.report import Table, verdict
from bench.servers import Server, StartFailed

if TYPE_CHECKING:
    from playwright.sync_api import Page

_BROWSERS = ("chromium", "google-chrome")
_PASSPHRASE = secrets.token_hex()
_AIM_MS = 400
"""Time to move the hand to the next button and press it."""
_KEY_MS = 80
_TICK_PX = 600
_PATIENCE_MS = 60_000
_MOST_SCROLL_S = 120

# Durations of events are multiples of 8 ms; shorter ones than 16 ms are not reported.
# Source: W3C Event Timing API.
_OBSERVE = """
window.seen = {events: [], shifts: []};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.interactionId) {
      const handled = entry.processingEnd - entry.startTime;
      const script = entry.processingEnd - entry.processingStart;
      seen.events.push([entry.interactionId, entry.duration, handled, script]);
    }
  }
}).observe({type: "event", durationThreshold: 16, buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shifts.push(entry.value);
}).observe({type: "layout-shift", buffered: true});
"""

_LAST_SHOWN = """Math.max(
  0, ...[...document.querySelectorAll(".tile")].map((tile) => tile.ariaPosInSet))"""


def console(bench: Bench) -> list[Table]:
    """Walk and scroll, each with a server of its own."""
    if "progimage" not in bench.wanted:
        return []
    by_hand, scrolled = (20, 200) if bench.smoke else (500, 5_000)
    return [_by_hand(bench, by_hand), _scrolled(bench, scrolled)]


def _by_hand(bench: Bench, count: int) -> Table:
    settings = {
        "PROGIMAGE_AUTH_MODE": "optional",
        "PROGIMAGE_AUTH_SECRET": "0123456789abcdef" * 4,
        "PROGIMAGE_AUTH_REGISTRATION": "open",
    }
    with _library(bench, count, settings) as server, _page(server) as page:
        page.get_by_role("link", name="Log in").click()
        page.get_by_label("Name").fill("editor")
        page.get_by_label("Password").fill(_PASSPHRASE)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.locator(".tile").first.wait_for()
        hand = _Hand(page)
        bar = page.get_by_role("toolbar", name="Selected pictures")
        toast = page.locator(".toast")
        hand.press("Control+a")
        bar.get_by_text(f"{count} selected").wait_for()
        hand.click(bar.get_by_role("button", name="Tag", exact=True))
        hand.type("harbour")
        hand.press("Enter")
        hand.click(page.get_by_role("button", name=f"Add for {count} pictures"))
        toast.filter(has_text=f"{count} pictures tagged").wait_for()
        hand.click(bar.get_by_role("button", name="Publish"))
        toast.filter(has_text=f"{count} pictures published").wait_for()
        hand.click(bar.get_by_role("button", name="Add to album"))
        hand.type("Harbours")
        hand.press("Enter")
        toast.filter(has_text=f"{count} pictures added").wait_for()
        whole_s = time.perf_counter() - hand.started
        inp = _interactions(page)
    row = (
        f"{count:,}",
        f"{hand.clicks} clicks, {hand.keys} keys",
        verdict(whole_s, 60, at_most=True) + " s",
        f"{whole_s - hand.waited_s:.1f} s",
        f"{max(inp, default=0):.0f} ms",
    )
    note = (
        "Private pictures of an account are tagged, published, and put into a new album, in "
        f"Chromium by mouse and keyboard: {_AIM_MS} ms before each click or command, "
        f"{_KEY_MS} ms before each letter. The time without these is what the editor waits."
    )
    columns = ("pictures", "steps", "time in all", "without the hand", "slowest interaction")
    return Table("The console, by hand", note, columns, (row,))


def _scrolled(bench: Bench, count: int) -> Table:
    with _library(bench, count) as server, _page(server) as page:
        tiles = page.locator(".tile")
        tiles.first.wait_for()
        page.mouse.move(700, 500)
        started = time.perf_counter()
        ticks = 0
        while time.perf_counter() - started < _MOST_SCROLL_S:
            page.mouse.wheel(0, _TICK_PX)
            page.wait_for_timeout(30)
            ticks += 1
            if ticks % 10 == 0:
                _interact(page)
            if ticks % 20 == 0 and _is_at_end(page, count):
                break
        took_s = time.perf_counter() - started
        shown = page.evaluate(_LAST_SHOWN)
        in_page = tiles.count()
        for _ in range(10):
            _interact(page)
        inp = sorted(_interactions(page))
        shifts = sum(page.evaluate("seen.shifts"))
        events = page.evaluate("seen.events")
        handled = statistics.median([each[2] for each in events] or [0.0])
        scripts = sorted(each[3] for each in events) or [0.0]
    if not inp:
        inp = [0.0]
    high = inp[max(0, len(inp) - 1 - len(inp) // 50)]
    row = (
        f"{shown:,} of {count:,}",
        f"{in_page:,}",
        f"{took_s:.0f} s",
        f"{len(inp)}",
        f"{statistics.median(inp):.0f} ms",
        f"{handled:.0f} ms",
        f"{scripts[-1]:.0f} ms",
        verdict(high, 100, at_most=True) + " ms",
        f"{inp[-1]:.0f} ms",
        verdict(shifts, 0, at_most=True),
    )
    note = (
        f"Chromium, 1440 x 900, scrolls {_TICK_PX} pixels every 30 ms from the first picture to "
        "the last, while the same machine renders thumbnails that were not shown in an earlier "
        "run. On the way, and ten times at the end, a picture is selected by a click and "
        "deselected by a key. INP is the time from an input to the next frame, all interactions "
        "but the slowest of each fifty (Event Timing; multiples of 8 ms, those below 16 ms are not "
        "counted). In the page is the number of tiles that it has at the end. Handled after is the "
        "median without the wait for the frame; longest script is the time of the slowest handler, "
        "without the browser's own work. CLS is the sum of all layout shifts."
    )
    columns = (
        *("pictures", "in the page", "scroll", "interactions", "median", "handled after"),
        *("longest script", "INP", "slowest", "CLS"),
    )
    return Table("The console, scrolled", note, columns, (row,))


class _Hand:
    """Mouse and keyboard at the pace of a person; counts what it does."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.clicks = self.keys = 0
        self.waited_s = 0.0
        self.started = time.perf_counter()

    def _pause(self, ms: float) -> None:
        self._page.wait_for_timeout(ms)
        self.waited_s += ms / 1000

    def click(self, target: Any) -> None:
        self._pause(_AIM_MS)
        target.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        self._pause(_AIM_MS)
        self._page.keyboard.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        for letter in text:
            self._pause(_KEY_MS)
            self._page.keyboard.type(letter)
            self.keys += 1


def _interact(page: Page) -> None:
    """Select the picture in the middle of the window, and deselect it."""
    found = page.evaluate(
        """() => {
          const box = document.elementFromPoint(700, 500)?.closest(".tile")
            ?.getBoundingClientRect();
          return box ? [box.left + 20, box.top + 20] : null;
        }"""
    )
    if found is None or not 110 < found[1] < 800:
        return
    page.mouse.click(*found)
    page.keyboard.press("Escape")
    page.mouse.move(700, 500)


def _is_at_end(page: Page, count: int) -> bool:
    return bool(
        page.evaluate(
            """(count) => document.querySelector(`.tile[aria-posinset="${count}"]`) !== null
              && scrollY + innerHeight >= document.documentElement.scrollHeight - 5""",
            count,
        )
    )


def _interactions(page: Page) -> list[float]:
    """Return the longest event of each interaction, in milliseconds."""
    page.wait_for_timeout(500)
    longest: dict[int, float] = {}
    for interaction, duration, *_ in page.evaluate("seen.events"):
        longest[interaction] = max(duration, longest.get(interaction, 0))
    return list(longest.values())


@contextmanager
def _page(server: Server) -> Iterator[Page]:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only this case needs it)
    except ImportError:
        raise StartFailed("playwright is missing; `make browser` installs it") from None
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise StartFailed("there is no Chromium; on Debian: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(_PATIENCE_MS)
        page.add_init_script(_OBSERVE)
        page.goto(f"http://{server.host}/")
        page.locator("main h1").wait_for(state="attached")
        yield page
        browser.close()


@contextmanager
def _library(bench: Bench, count: int, settings: dict[str, str] | None = None) -> Iterator[Server]:
    """Run a server with drawn pictures; with accounts they are private ones of `editor`.

    A library without accounts stays for later runs if there is a folder for libraries.
    """
    with ExitStack() as stack:
        if bench.libraries and not settings:
            folder = bench.libraries / f"console-{count}"
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bench.work)))
        full = folder / "full"
        server = stack.enter_context(servers.progimage([], folder / "store", settings))
        if not full.exists():
            _fill(server, count, bench.connections, settings)
            full.touch()
        yield server


def _fill(server: Server, count: int, connections: int, settings: dict[str, str] | None) -> None:
    token = _signed_up(server) if settings else {}
    query = {"visibility": "private"} if settings else {}

    def send(number: int) -> None:
        path = f"/images/?{urlencode({'title': f'Picture {number:05}', **query})}"
        headers = {"Content-Type": "image/jpeg", **token}
        answer = server.fetch(path, "POST", _drawn(number), **headers)
        while answer.status == 503:
            time.sleep(float(answer.headers.get("retry-after", 1)))
            answer = server.fetch(path, "POST", _drawn(number), **headers)
        if answer.status not in (200, 201):
            raise StartFailed(f"{answer.status} {answer.body[:300]!r}")

    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(send, range(count)))


def _signed_up(server: Server) -> dict[str, str]:
    who = {"username": "editor", "password": _PASSPHRASE}
    server.post_json("/users/", who)
    token = server.post_json("/tokens/", who)["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _drawn(number: int) -> bytes:
    """Draw a JPEG of 400 pixels, of one of several shapes, that looks like no other."""
    chance = random.Random(number)
    size = chance.choice([(400, 267), (267, 400), (400, 300), (400, 400), (400, 225)])
    colour = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(6)]
    image = Image.new("RGB", size, colour[0])
    draw = ImageDraw.Draw(image)
    for fill in colour[1:]:
        left, top, side = (chance.randrange(300), chance.randrange(200), chance.randrange(20, 150))
        draw.ellipse((left, top, left + side, top + side), fill=fill)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
