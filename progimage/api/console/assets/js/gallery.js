// The pictures that match a search; more pages load while scrolling.

import { servicePath } from "./service_path.js";
import { say } from "./announce.js";
import { json } from "./api.js";
import { h, icon } from "./dom.js";
import { emptyState, errorState } from "./notice.js";
import { go, hrefOfPicture, hrefOfSearch, note } from "./route.js";
import { searchBar } from "./search_bar.js";
import { placeholder, thumbnailImage } from "./showing.js";
import { count, nameOf, number } from "./wording.js";

const PAGE = 40;
const ROW_HEIGHT = 230;

/** Return the view; `upload` opens the dialog to send pictures. */
export function galleryView({ upload }) {
  let search = new URLSearchParams();
  let next = null;
  let shown = 0;
  let loading = null;

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
  const total = h("p", { class: "total faint" });
  const list = h("ul", { class: "tiles", "aria-label": "Pictures" });
  const state = h("div", { class: "state" });
  const more = h("button", { type: "button", class: "more", hidden: true, onclick: () => loadMore() }, "Show more");
  const element = h("section", { class: "gallery" }, heading, bar.element, total, list, state, more);

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
    shown = 0;
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
      if (isFirst) list.replaceChildren();
      append(page);
    } catch (error) {
      if (error.name === "AbortError" || loading !== mine) return;
      loading = null;
      if (isFirst) list.replaceChildren();
      more.hidden = true;
      state.replaceChildren(errorState(error, () => fetchPage(url, isFirst)));
    } finally {
      if (loading === null) list.setAttribute("aria-busy", "false");
      more.disabled = false;
    }
  }

  function append(page) {
    list.append(...page.data.map(tile));
    shown += page.data.length;
    next = page.next;
    state.replaceChildren();
    more.hidden = next === null;
    showTotal(page);
    if (!shown && !next) state.replaceChildren(nothing());
    // A page can be short if the server found few matches within its limit. The button may
    // then be visible already, so no scrolling would load the next page.
    if (next && more.getBoundingClientRect().top < innerHeight + 900) setTimeout(loadMore, 0);
  }

  function showTotal(page) {
    const all = page.total_is_exact ? count(page.total, "picture") : `more than ${number(page.total)} pictures`;
    total.textContent = shown ? all : "";
    say(shown ? `${all}; ${number(shown)} shown` : next ? "Still searching" : "No pictures found");
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
    if (wanted.toString() !== search.toString() || !shown) return load(wanted);
    return Promise.resolve();
  }

  return {
    element,
    heading,
    title: () => (search.get("q") ? `${search.get("q")} – pictures` : "Pictures"),
    show,
    /** Load the first page again, for example after an upload. */
    reload: () => load(search),
    /** Show a changed record in its place; remove it if `record` is null. */
    replace(id, record) {
      const old = list.querySelector(`li[data-id="${CSS.escape(id)}"]`);
      if (!old) return;
      if (record) old.replaceWith(tile(record));
      else {
        old.remove();
        shown -= 1;
      }
    },
  };
}

function tile(record) {
  const ratio = Math.min(4, Math.max(0.4, record.width / record.height));
  const name = nameOf(record);
  const image = thumbnailImage(record);
  const element = h(
    "li",
    {
      class: "tile",
      dataset: { id: record.id },
      style: { "--ratio": String(ratio), "--basis": `${Math.round(ratio * ROW_HEIGHT)}px` },
    },
    h(
      "a",
      { href: hrefOfPicture(record.id) },
      placeholder(record),
      image,
      h("span", { class: "caption", "aria-hidden": "true" }, h("bdi", {}, name)),
      record.visibility === "private" && h("span", { class: "badge" }, icon("lock"), h("span", { class: "unseen" }, "Private")),
      record.frames > 1 && h("span", { class: "badge second" }, count(record.frames, "frame")),
    ),
  );
  image.addEventListener("error", () => element.classList.add("broken"), { once: true });
  return element;
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
