// One group of a grid: a list that has its full height, and in the page only those tiles that are near the screen.

import { h } from "./dom.js";
import { layOut, shownRatio } from "./rows.js";

/**
 * Return a group of pictures under a title, or without one if it is null; `label` names its list then.
 *
 * `tileOf` returns the tile of a record, `onleave` gets the element and the record of one
 * that is taken out.
 */
export function tileGroup({ key, title, label, tileOf, onleave }) {
  const list = h("ul", { class: "tiles", "aria-label": title ?? label });
  const element = h("section", { class: "group" }, title && h("h2", {}, title), list);
  let records = [];
  let boxes = [];
  let size = 0;
  let shown = new Map();

  /** Give each picture its place in a list of this width, and draw nothing yet. */
  function arrange(width, hasMore) {
    const { gridAutoRows, columnGap } = getComputedStyle(list);
    const placed = layOut(records.map(shownRatio), { width, rowHeight: parseFloat(gridAutoRows), gap: parseFloat(columnGap), hasMore });
    ({ boxes } = placed);
    size = hasMore ? -1 : records.length;
    list.style.height = `${placed.height}px`;
  }

  /** Have the tiles between two heights of the list in the page, those in `held` and their neighbours, and no others. */
  function draw(from, to, held) {
    const isHeld = (at) => records[at] !== undefined && held.has(records[at].id);
    const wanted = new Map();
    boxes.forEach((box, at) => {
      const isNear = box.top + box.height > from && box.top < to;
      if (isNear || (held.size && (isHeld(at - 1) || isHeld(at) || isHeld(at + 1)))) wanted.set(tileOf(records[at]).element, at);
    });
    for (const [item, record] of shown) {
      if (wanted.has(item)) continue;
      item.remove();
      onleave(item, record);
    }
    let next = list.firstElementChild;
    for (const [item, at] of wanted) {
      place(item, at);
      if (item === next) next = next.nextElementSibling;
      else list.insertBefore(item, next);
    }
    shown = new Map([...wanted].map(([item, at]) => [item, records[at]]));
  }

  function place(item, at) {
    const { left, top, width, height } = boxes[at];
    // An equal value is no change to the browser.
    Object.assign(item.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    // Not all items of the list are in the page. Source: WAI-ARIA 1.2; -1 is a size that is not known.
    item.setAttribute("aria-posinset", at + 1);
    item.setAttribute("aria-setsize", size);
  }

  return {
    key,
    element,
    arrange,
    draw,
    get records() {
      return records;
    },
    set records(changed) {
      records = changed;
    },
    /** Return how far the list is below the top of the screen. */
    distance: () => list.getBoundingClientRect().top,
    /** Return the rows of the pictures that have a place, each a list of `{id, middle}`. */
    rows() {
      const rows = [];
      boxes.forEach(({ left, top, width }, at) => {
        if (top !== boxes[at - 1]?.top) rows.push([]);
        rows.at(-1).push({ id: records[at].id, middle: left + width / 2 });
      });
      return rows;
    },
  };
}
