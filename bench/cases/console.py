"""The console in a browser: 500 pictures sorted out by hand, and 5,000 scrolled through."""

from __future__ import annotations

import io
import os
import random
import secrets
import shutil
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
from bench.interactions import (
    AIM_MS,
    KEY_MS,
    OBSERVE,
    TICK_MS,
    TICK_PX,
    Interactions,
    interactions,
    open_plain_page,
    shifts,
    walk,
)
from bench.report import Table, verdict
from bench.servers import Server, StartFailed

if TYPE_CHECKING:
    from playwright.sync_api import Page

_BROWSERS = ("chromium", "google-chrome")
_PASSPHRASE = secrets.token_hex()
_PATIENCE_MS = 60_000
_MOST_SCROLL_S = 150
_PLAIN_TILES = 40
_PLAIN_S = 30
# A page of so few tiles is scrolled down and up again.
_PLAIN_TURNS = 3

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
        slowest = interactions(page).slowest[0]
    row = (
        f"{count:,}",
        f"{hand.clicks} clicks, {hand.keys} keys",
        verdict(whole_s, 60, at_most=True) + " s",
        f"{whole_s - hand.waited_s:.1f} s",
        f"{slowest.duration:.0f} ms",
    )
    note = (
        "Private pictures of an account are tagged, published, and put into a new album, in "
        f"Chromium by mouse and keyboard: {AIM_MS} ms before each click or command, "
        f"{KEY_MS} ms before each letter. The time without these is what the editor waits."
    )
    columns = ("pictures", "steps", "time in all", "without the hand", "slowest interaction")
    return Table("The console, by hand", note, columns, (row,))


def _scrolled(bench: Bench, count: int) -> Table:
    with _library(bench, count) as server:
        with _page(server) as page:
            page.locator(".tile").first.wait_for()
            took_s = walk(
                page,
                lambda _: TICK_PX,
                lambda so_far_s: so_far_s > _MOST_SCROLL_S or _is_at_end(page, count),
                ends=2,
            )
            shown = page.evaluate(_LAST_SHOWN)
            tiles = page.locator(".tile").count()
            ours = interactions(page)
            moved = shifts(page)
        with _page(server) as page:
            listed = server.fetch_json(f"/images/?limit={_PLAIN_TILES}&links=0")["data"]
            open_plain_page(page, server.host, [record["id"] for record in listed])
            walk(
                page,
                lambda tick: TICK_PX if tick // _PLAIN_TURNS % 2 == 0 else -TICK_PX,
                lambda so_far_s: so_far_s > (1 if bench.smoke else _PLAIN_S),
                ends=2,
            )
            plain = interactions(page)
    times = ours.inp.duration / max(8.0, plain.inp.duration)
    rows = (
        (
            *("console", f"{shown:,} of {count:,}", f"{tiles}", f"{took_s:.0f} s"),
            *_row(ours, verdict(ours.inp.duration, 100, at_most=True) + " ms"),
            *(f"{times:.2f}", verdict(moved, 0, at_most=True)),
        ),
        (
            *("plain page", f"{len(listed)}", f"{len(listed)}", "-"),
            *_row(plain, f"{plain.inp.duration:.0f} ms"),
            *("-", "-"),
        ),
    )
    note = (
        f"Chromium, 1440 x 900, turns the wheel by {TICK_PX} pixels every {TICK_MS} ms from the "
        "first picture to the last; thumbnails were never rendered before, and are rendered on the "
        "same machine. Every 20 turns, and twice at the end, one of these in turn: a picture is "
        "selected while the page still moves, and deselected; a range is selected by a click and "
        "one with Shift, and deselected; pictures are walked to and selected by keys; a picture is "
        f"opened and closed. But for the first of these a hand takes {AIM_MS} ms to the next "
        f"click, and {2 * KEY_MS} ms to the next key. INP is the time from an input to the next "
        "frame, all interactions but the slowest of each fifty, as web-vitals computes it; its "
        "parts are the time before the handlers, in them, and after them until the frame. The "
        f"plain page has {_PLAIN_TILES} thumbnails of equal size, all loaded before, and a few "
        "lines of script that do the same; it shows what the browser needs on this machine. CLS "
        "is the sum of all layout shifts."
    )
    columns = (
        *("page", "pictures", "tiles in it", "scroll", "interactions", "median", "INP"),
        *("its parts", "slowest of each kind", "INP beside the plain page", "CLS"),
    )
    return Table("The console, scrolled", note, columns, rows)


def _row(seen: Interactions, inp: str) -> tuple[str, ...]:
    slowest = f"{seen.slowest_of_each} ms"
    return (f"{seen.count}", f"{seen.median_ms:.0f} ms", inp, seen.inp.parts, slowest)


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
        self._pause(AIM_MS)
        target.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        self._pause(AIM_MS)
        self._page.keyboard.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        for letter in text:
            self._pause(KEY_MS)
            self._page.keyboard.type(letter)
            self.keys += 1


def _is_at_end(page: Page, count: int) -> bool:
    return bool(
        page.evaluate(
            """(count) => document.querySelector(`.tile[aria-posinset="${count}"]`) !== null
              && scrollY + innerHeight >= document.documentElement.scrollHeight - 5""",
            count,
        )
    )


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
        page.add_init_script(OBSERVE)
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
