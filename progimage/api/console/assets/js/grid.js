// A grid of pictures in rows, in groups under headings if wanted. Only tiles near the screen are in the page.

import { debounced, h } from "./dom.js";
import { stepOnKeys } from "./grid_keys.js";
import { selectable } from "./selecting.js";
import { looksSame, tile } from "./tile.js";
import { tileGroup } from "./tile_group.js";

const AROUND_PX = 1_000;
const MOST_MADE = 600;
// About four screens a second: no picture stays long enough to be looked at.
const FAST_PX_PER_MS = 4;
const REST_MS = 100;

/**
 * Return a grid of records, which can be selected if there is a `selection`.
 *
 * `hrefOf` returns the address that a picture leads to; `ontile` gets each new tile's element
 * with its record.
 */
export function pictureGrid({ selection = null, label = "Pictures", hrefOf, ontile = () => {} }) {
  const element = h("div", { class: "groups" });
  // Some made tiles that are not in the page stay here, so that their pictures need not load again.
  const tiles = new Map();
  // Those whose pictures do not load yet.
  const waiting = new Set();
  let records = [];
  let groups = [];
  let groupOf = () => null;
  let hasMore = false;
  let width = 0;
  let dragged = null;

  /** Show more records at the end. While there are more to come, a last row that is not full is not shown. */
  function append(added, isMoreToCome) {
    records.push(...added);
    hasMore = isMoreToCome;
    const before = groups.length;
    for (const record of added) groupFor(record).records.push(record);
    arrange(groups.slice(Math.max(0, before - 1)));
    draw();
  }

  function groupFor(record) {
    const { key = "", title = null } = groupOf(record) ?? {};
    if (groups.at(-1)?.key !== key) {
      groups.push(tileGroup({ key, title, label, tileOf, onleave }));
      element.append(groups.at(-1).element);
    }
    return groups.at(-1);
  }

  function arrange(some = groups) {
    // Outside of the page nothing has a size; all is arranged when the grid is back.
    if (!element.isConnected) width = 0;
    else width ||= element.getBoundingClientRect().width;
    if (width) for (const group of some) group.arrange(width, hasMore && group === groups.at(-1));
  }

  /** Put the tiles near the screen into the page, and take out others. Pictures load unless the page is scrolled fast. */
  function draw({ focused = document.activeElement.closest?.(".tile")?.dataset.id, isFast = false } = {}) {
    if (!width) return;
    const held = new Set([focused, dragged].filter(Boolean));
    const distances = groups.map((group) => group.distance());
    groups.forEach((group, at) => group.draw(-distances[at] - AROUND_PX, innerHeight - distances[at] + AROUND_PX, held));
    if (!isFast) {
      for (const made of waiting) made.load();
      waiting.clear();
    }
    forgetOldest();
  }

  function forgetOldest() {
    for (const [id, { element: item }] of tiles) {
      if (tiles.size <= MOST_MADE) return;
      if (!item.isConnected) tiles.delete(id);
    }
  }

  function tileOf(record) {
    if (tiles.has(record.id)) return tiles.get(record.id);
    const made = tile(record, hrefOf(record.id));
    made.show = selection ? selectable(made.element, made.link, record, selection, () => records).show : () => {};
    made.show();
    tiles.set(record.id, made);
    waiting.add(made);
    ontile(made.element, record);
    return made;
  }

  /** Forget a tile that was scrolled past before its picture was there, and stop loading that. */
  function onleave(item, { id }) {
    const made = tiles.get(id);
    if (made?.element !== item || made.isLoaded()) return;
    made.stop();
    waiting.delete(made);
    tiles.delete(id);
  }

  /** Show the changed records of a map by id; those that are null are removed. */
  function replace(changes) {
    for (const record of records) {
      const changed = changes.get(record.id);
      if (changed === null || (changed && !looksSame(record, changed))) tiles.delete(record.id);
    }
    const focused = document.activeElement.closest?.(".tile")?.dataset.id;
    const newest = (some) => some.filter(({ id }) => changes.get(id) !== null).map((record) => changes.get(record.id) ?? record);
    records = newest(records);
    for (const group of groups) {
      group.records = newest(group.records);
      if (!group.records.length) group.element.remove();
    }
    groups = groups.filter((group) => group.records.length);
    arrange();
    draw({ focused });
    if (focused && changes.has(focused)) tiles.get(focused)?.link.focus({ preventScroll: true });
  }

  let marked = new Set();
  selection?.addEventListener("change", () => {
    element.classList.toggle("selecting", selection.size > 0);
    const selected = new Set(selection.records.map(({ id }) => id));
    for (const id of new Set([...marked, ...selected])) tiles.get(id)?.show();
    marked = selected;
  });

  /** Move the focus to a picture, if it is in the list; return whether it is. */
  function focus(id) {
    if (!records.some((record) => record.id === id)) return false;
    if (!width) arrange();
    draw({ focused: id });
    tiles.get(id)?.link.focus();
    return true;
  }

  stepOnKeys(element, { rows: () => groups.flatMap((group) => group.rows()), focus });
  element.addEventListener("dragstart", (event) => {
    dragged = event.target.closest(".tile")?.dataset.id;
  });
  element.addEventListener("dragend", () => {
    dragged = null;
  });
  redrawOnMoves(element, draw, (now) => {
    const isResized = now !== width;
    width = now;
    if (isResized) arrange();
  });

  return {
    element,
    append,
    replace,
    /** Show the last row, if nothing more is to come. */
    settle(isMoreToCome) {
      hasMore = isMoreToCome;
      arrange(groups.slice(-1));
      draw();
    },
    get records() {
      return records;
    },
    /** Remove everything; `group` returns `{key, title}` for each record from now on, or null. */
    clear(group = () => null) {
      element.replaceChildren();
      tiles.clear();
      waiting.clear();
      marked = new Set();
      records = [];
      groups = [];
      groupOf = group;
    },
    /** Put pictures in front of the one with the id `before`, or at the end; for a grid without groups. */
    move(ids, before) {
      const moved = new Set(ids);
      const rest = records.filter(({ id }) => !moved.has(id));
      const at = rest.findIndex(({ id }) => id === before);
      const block = ids.map((id) => records.find((record) => record.id === id));
      rest.splice(at < 0 ? rest.length : at, 0, ...block);
      records = rest;
      groups[0].records = [...rest];
      const focused = document.activeElement;
      const isInside = element.contains(focused);
      arrange();
      draw();
      if (isInside) focused.focus();
    },
    focus,
    /** Return the ids before and after a picture; undefined where there is none. */
    neighbours(id) {
      const at = records.findIndex((record) => record.id === id);
      return at < 0 ? {} : { previous: records[at - 1]?.id, next: records[at + 1]?.id, left: records.length - 1 - at };
    },
  };
}

/** Call `draw` once a frame while the page scrolls, and when it stops; first `onwidth`, if `element` has another size. */
function redrawOnMoves(element, draw, onwidth) {
  const speed = scrollSpeed();
  const rest = debounced(() => element.isConnected && draw(), REST_MS);
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame((now) => {
      frame = 0;
      const isFast = speed(now) > FAST_PX_PER_MS;
      if (element.isConnected) draw({ isFast });
      if (isFast) rest();
    });
  };
  // An element outside of the page has no width, and nothing to draw.
  new ResizeObserver(([{ contentRect }]) => {
    for (const name of ["scroll", "resize"]) {
      if (contentRect.width) addEventListener(name, soon, { passive: true });
      else removeEventListener(name, soon);
    }
    if (!contentRect.width) return;
    onwidth(contentRect.width);
    draw();
  }).observe(element);
}

/** Return a function that returns how many pixels a millisecond the page was scrolled since its last call at `now`. */
function scrollSpeed() {
  let at = 0;
  let top = 0;
  return (now) => {
    const speed = Math.abs(scrollY - top) / Math.max(1, now - at);
    at = now;
    top = scrollY;
    return speed;
  };
}
