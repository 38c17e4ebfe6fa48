// The pictures that match a search; more pages load while scrolling.

import { servicePath } from "./service_path.js";
import { say } from "./announce.js";
import { json } from "./api.js";
import { h, icon } from "./dom.js";
import { emptyState, errorState } from "./notice.js";
import { go, hrefOfPicture, hrefOfSearch, note } from "./route.js";
import { searchBar } from "./search_bar.js";
import { Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { selectable } from "./selecting.js";
import { placeholder, thumbnailImage } from "./showing.js";
import { count, nameOf, number } from "./wording.js";

const PAGE = 40;
const ROW_HEIGHT = 230;

/** Return the view; `upload` opens the dialog to send pictures. */
export function galleryView({ upload }) {
  let search = new URLSearchParams();
  let next = null;
  let records = [];
  let total = null;
  let loading = null;
  const tiles = new Map();
  const selection = new Selection();

  const bar = searchBar((changed, isTyping) => {
    if (changed.toString() === search.toString()) return;
    // The browser's Back undoes a filter, not a typed letter.
    if (!isTyping) {
      go(hrefOfSearch(changed));
      return;
    }
    note(hrefOfSearch(changed));
    load(changed);
  });
  const heading = h("h1", { class: "unseen", tabindex: "-1" }, "Pictures");
  const totalLine = h("p", { class: "total faint" });
  const list = h("ul", { class: "tiles", "aria-label": "Pictures" });
  const state = h("div", { class: "state" });
  const more = h("button", { type: "button", class: "more", hidden: true, onclick: () => loadMore() }, "Show more");
  const actions = selectionBar(selection, { onchanged: replace, selectShown: () => selection.add(records) });
  const element = h("section", { class: "gallery" }, heading, bar.element, totalLine, list, state, more, actions.element);
  selection.addEventListener("change", () => {
    list.classList.toggle("selecting", selection.size > 0);
    for (const tile of tiles.values()) tile.show();
  });

  const watcher = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) loadMore();
    },
    { rootMargin: "900px" },
  );
  watcher.observe(more);

  async function load(wanted) {
    search = new URLSearchParams(wanted);
    next = null;
    const query = new URLSearchParams(search);
    query.set("limit", PAGE);
    await fetchPage(`${servicePath}/images/?${query}`, true);
  }

  async function loadMore() {
    if (next && !loading) await fetchPage(next, false);
  }

  async function fetchPage(url, isFirst) {
    loading?.abort();
    const mine = new AbortController();
    loading = mine;
    list.setAttribute("aria-busy", "true");
    if (isFirst) {
      more.hidden = true;
      if (!list.children.length) state.replaceChildren(skeleton());
    }
    more.disabled = true;
    try {
      const page = await json(url, { signal: mine.signal });
      if (loading !== mine) return;
      loading = null;
      if (isFirst) empty();
      append(page);
    } catch (error) {
      if (error.name === "AbortError" || loading !== mine) return;
      loading = null;
      if (isFirst) empty();
      more.hidden = true;
      state.replaceChildren(errorState(error, () => fetchPage(url, isFirst)));
    } finally {
      if (loading === null) list.setAttribute("aria-busy", "false");
      more.disabled = false;
    }
  }

  function empty() {
    list.replaceChildren();
    tiles.clear();
    records = [];
    if (selection.size) selection.clear();
  }

  function append(page) {
    records.push(...page.data);
    list.append(...page.data.map(added));
    next = page.next;
    total = { value: page.total, isExact: page.total_is_exact };
    state.replaceChildren();
    more.hidden = next === null;
    showTotal();
    if (!records.length && !next) state.replaceChildren(nothing());
    // A page can be short if the server found few matches within its limit. The button may
    // then be visible already, so no scrolling would load the next page.
    if (next && more.getBoundingClientRect().top < innerHeight + 900) setTimeout(loadMore, 0);
  }

  /** Return the element of a new tile. */
  function added(record) {
    const { element, link } = tile(record);
    const selecting = selectable(element, link, record, selection, () => records);
    tiles.set(record.id, { element, show: selecting.show });
    selecting.show();
    return element;
  }

  function showTotal() {
    const shown = records.length;
    const all = total.isExact ? count(total.value, "picture") : `more than ${number(total.value)} pictures`;
    totalLine.textContent = shown ? all : "";
    say(shown ? `${all}; ${number(shown)} shown` : next ? "Still searching" : "No pictures found");
  }

  /** Show a changed record in its place; remove it if `record` is null. */
  function replace(id, record) {
    const at = records.findIndex((known) => known.id === id);
    if (at < 0) return;
    const { element: old } = tiles.get(id);
    if (record) {
      records[at] = record;
      old.replaceWith(added(record));
    } else {
      records.splice(at, 1);
      tiles.delete(id);
      old.remove();
      total.value -= 1;
      showTotal();
      if (!records.length && !next) state.replaceChildren(nothing());
    }
    selection.replace(id, record);
  }

  function nothing() {
    if (search.size) {
      return emptyState(
        "search",
        "Nothing matches",
        "No picture meets all the conditions.",
        h("a", { class: "button", href: `${servicePath}/` }, "Clear the search"),
      );
    }
    return emptyState(
      "picture",
      "No pictures yet",
      "Drop pictures here, paste one, or choose files. Originals are stored unchanged and can be shown in any size and format.",
      h("button", { type: "button", class: "primary", onclick: () => upload([]) }, icon("upload"), "Upload pictures"),
    );
  }

  function show(wanted) {
    bar.show(wanted);
    if (wanted.toString() !== search.toString() || !records.length) return load(wanted);
    return Promise.resolve();
  }

  return {
    element,
    heading,
    title: () => (search.get("q") ? `${search.get("q")} – pictures` : "Pictures"),
    show,
    /** Load the first page again, for example after an upload. */
    reload: () => load(search),
    replace,
    /** Return the ids before and after a picture in the list; undefined where there is none. */
    neighbours(id) {
      const at = records.findIndex((record) => record.id === id);
      if (at >= 0 && at >= records.length - 5) loadMore();
      return at < 0 ? {} : { previous: records[at - 1]?.id, next: records[at + 1]?.id };
    },
    /** Put the cursor into the search. */
    focusSearch: bar.focus,
    /** Deselect everything; false if nothing was selected. */
    deselect() {
      const had = selection.size > 0;
      if (had) selection.clear();
      return had;
    },
  };
}

function tile(record) {
  const ratio = Math.min(4, Math.max(0.4, record.width / record.height));
  const name = nameOf(record);
  const image = thumbnailImage(record);
  const link = h(
    "a",
    { href: hrefOfPicture(record.id), draggable: "false" },
    placeholder(record),
    image,
    h("span", { class: "caption", "aria-hidden": "true" }, h("bdi", {}, name)),
    record.visibility === "private" && h("span", { class: "badge" }, icon("lock"), h("span", { class: "unseen" }, "Private")),
    record.frames > 1 && h("span", { class: "badge second" }, count(record.frames, "frame")),
  );
  const element = h(
    "li",
    {
      class: "tile",
      dataset: { id: record.id },
      style: { "--ratio": String(ratio), "--basis": `${Math.round(ratio * ROW_HEIGHT)}px` },
    },
    link,
  );
  image.addEventListener("error", () => element.classList.add("broken"), { once: true });
  return { element, link };
}

function skeleton() {
  const ratios = [1.5, 0.75, 1.33, 1.6, 1, 1.5, 0.8, 1.78];
  return h(
    "div",
    { class: "tiles skeleton", "aria-hidden": "true" },
    ratios.map((ratio) =>
      h("div", { class: "tile", style: { "--ratio": String(ratio), "--basis": `${Math.round(ratio * ROW_HEIGHT)}px` } }),
    ),
  );
}
