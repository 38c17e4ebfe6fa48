// The pictures that match a search.

import { servicePath } from "./service_path.js";
import { say } from "./announce.js";
import { h, icon } from "./dom.js";
import { endlessList } from "./endless.js";
import { pictureGrid } from "./grid.js";
import { monthOf } from "./months.js";
import { emptyState } from "./notice.js";
import { go, hasConditions, hrefOfPicture, hrefOfSearch, note, queryOf, sortOf } from "./route.js";
import { searchBar } from "./search_bar.js";
import { selectEvery } from "./select_all.js";
import { Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { count, number } from "./wording.js";

const PAGE = 60;

/** Return the view; `upload` opens the dialog to send pictures. */
export function galleryView({ upload }) {
  let search = new URLSearchParams();
  let total = null;
  const selection = new Selection();
  const grid = pictureGrid({ selection, hrefOf: (id) => hrefOfPicture(id, null) });
  const list = endlessList(grid, { onpage, nothing, onstart: () => selection.clear() });

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
  const totalLine = h("p", { class: "total faint grow" });
  const actions = selectionBar(selection, { onchanged: replace, selectAll, all: () => total?.isExact && total.value });
  const line = h("div", { class: "row" }, totalLine, h("a", { class: "total", href: `${servicePath}/?view=duplicates` }, "Find duplicates"));
  const element = h("section", { class: "gallery" }, heading, bar.element, line, list.elements, actions.element);

  function load(wanted) {
    search = new URLSearchParams(wanted);
    const sort = sortOf(search);
    const groupOf = search.get("group") === "month" ? (record) => monthOf(record, sort) : () => null;
    return list.load(`${servicePath}/images/?${queryOf(search, { limit: PAGE, links: 0 })}`, groupOf);
  }

  function onpage(page) {
    total = { value: page.total, isExact: page.total_is_exact };
    showTotal();
  }

  function showTotal() {
    const shown = grid.records.length;
    const all = total.isExact ? count(total.value, "picture") : `more than ${number(total.value)} pictures`;
    totalLine.textContent = shown ? all : "";
    say(shown ? `${all}; ${number(shown)} shown` : list.next ? "Still searching" : "No pictures found");
  }

  /** Show the changed records of a map by id; those that are null are removed. */
  function replace(changes) {
    const before = grid.records.length;
    list.replace(changes);
    selection.update(changes);
    if (grid.records.length === before) return;
    total.value -= [...changes.values()].filter((record) => record === null).length;
    showTotal();
  }

  /** Select every picture of the list, also those that are not loaded yet. */
  function selectAll() {
    return selectEvery(selection, { records: grid.records, next: list.next, limit: 1_000 });
  }

  function nothing() {
    if (hasConditions(search)) {
      return emptyState(
        "search",
        "Nothing matches",
        search.has("near") ? "No other picture looks like this one." : "No picture meets all the conditions.",
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

  return {
    element,
    heading,
    title: () => (search.get("q") ? `${search.get("q")} – pictures` : "Pictures"),
    show(wanted) {
      bar.show(wanted);
      if (wanted.toString() !== search.toString() || !grid.records.length) load(wanted);
    },
    /** Load the first page again, for example after an upload. */
    reload: () => load(search),
    replace,
    /** Return the ids before and after a picture in the list; undefined where there is none. */
    neighbours(id) {
      const found = grid.neighbours(id);
      if (found.left < 5) list.loadMore();
      return found;
    },
    /** Move the focus to a picture of the list; returns false if it is not there. */
    focusPicture: grid.focus,
    /** Put the cursor into the search. */
    focusSearch: bar.focus,
    selectAll,
    /** Move the focus to the actions for the selected pictures. */
    toActions: actions.focus,
    deselect: () => selection.clear(),
  };
}
