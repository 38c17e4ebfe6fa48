// A grid of pictures in rows, in groups under headings if wanted.

import { h } from "./dom.js";
import { stepOnKeys } from "./grid_keys.js";
import { selectable } from "./selecting.js";
import { looksSame, tile } from "./tile.js";

/**
 * Return a grid of records, which can be selected if there is a `selection`.
 *
 * `hrefOf` returns the address that a picture leads to; `ontile` gets each new tile's element
 * with its record.
 */
export function pictureGrid({ selection = null, label = "Pictures", hrefOf, ontile = () => {} }) {
  const element = h("div", { class: "groups" });
  const tiles = new Map();
  let records = [];
  let groupOf = () => null;
  let last = null;
  let unsettled = [];

  /** Show more records at the end. While `hasMore`, the last row is hidden: the next page resizes it. */
  function append(added, hasMore) {
    records.push(...added);
    for (const record of added) groupFor(record).list.append(newTile(record));
    settle(hasMore);
  }

  function groupFor(record) {
    const group = groupOf(record);
    const key = group?.key ?? "";
    if (last?.key === key) return last;
    const list = h("ul", { class: "tiles", "aria-label": group?.title ?? label });
    element.append(h("section", { class: "group" }, group && h("h2", {}, group.title), list));
    last = { key, list };
    return last;
  }

  function newTile(record) {
    const { element: item, link } = tile(record, hrefOf(record.id));
    const show = selection ? selectable(item, link, record, selection, () => records).show : () => {};
    tiles.set(record.id, { element: item, link, show });
    show();
    ontile(item, record);
    return item;
  }

  function settle(hasMore) {
    for (const item of unsettled) item.classList.remove("unsettled");
    unsettled = [];
    const end = last?.list.lastElementChild;
    if (!hasMore || !end) return;
    for (let item = end; item?.offsetTop === end.offsetTop; item = item.previousElementSibling) unsettled.push(item);
    for (const item of unsettled) item.classList.add("unsettled");
  }

  /** Show the changed records of a map by id; those that are null are removed. */
  function replace(changes) {
    records = records.filter(({ id }) => changes.get(id) !== null);
    for (const [id, record] of changes) {
      const known = tiles.get(id);
      if (!known) continue;
      if (record) replaceOne(record, known.element);
      else remove(id, known.element);
    }
  }

  function replaceOne(record, old) {
    const at = records.findIndex(({ id }) => id === record.id);
    const before = records[at];
    records[at] = record;
    if (!looksSame(before, record)) old.replaceWith(newTile(record));
  }

  function remove(id, item) {
    tiles.delete(id);
    const list = item.parentElement;
    item.remove();
    if (list.children.length || list === last?.list) return;
    list.parentElement.remove();
  }

  let marked = new Set();
  selection?.addEventListener("change", () => {
    element.classList.toggle("selecting", selection.size > 0);
    const selected = new Set(selection.records.map(({ id }) => id));
    for (const id of new Set([...marked, ...selected])) tiles.get(id)?.show();
    marked = selected;
  });
  stepOnKeys(element);

  return {
    element,
    append,
    replace,
    settle,
    get records() {
      return records;
    },
    /** Remove everything; `group` returns `{key, title}` for each record from now on, or null. */
    clear(group = () => null) {
      element.replaceChildren();
      tiles.clear();
      marked = new Set();
      records = [];
      unsettled = [];
      last = null;
      groupOf = group;
    },
    /** Put pictures in front of the one with the id `before`, or at the end. */
    move(ids, before) {
      const moved = new Set(ids);
      const rest = records.filter(({ id }) => !moved.has(id));
      const at = rest.findIndex(({ id }) => id === before);
      const block = ids.map((id) => records.find((record) => record.id === id));
      rest.splice(at < 0 ? rest.length : at, 0, ...block);
      records = rest;
      const focused = document.activeElement;
      const next = tiles.get(before)?.element ?? null;
      for (const id of ids) last.list.insertBefore(tiles.get(id).element, next);
      if (element.contains(focused)) focused.focus();
    },
    focus: (id) => tiles.get(id)?.link.focus(),
    /** Return the ids before and after a picture; undefined where there is none. */
    neighbours(id) {
      const at = records.findIndex((record) => record.id === id);
      return at < 0 ? {} : { previous: records[at - 1]?.id, next: records[at + 1]?.id, left: records.length - 1 - at };
    },
  };
}
