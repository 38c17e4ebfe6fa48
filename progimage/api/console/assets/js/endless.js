// A list of pictures that loads page after page into a grid while the user scrolls.

import { json } from "./api.js";
import { h } from "./dom.js";
import { errorState } from "./notice.js";
import { skeleton } from "./tile.js";

const AHEAD_PX = 1_500;

/**
 * Return the list that fills `grid`.
 *
 * `onpage` gets each page after it is shown; `nothing` returns what is shown in place of an empty
 * list; `onstart` is called before the first page replaces what was shown.
 */
export function endlessList(grid, { onpage, nothing, onstart = () => {} }) {
  let next = null;
  let loading = null;
  let arrival = null;
  const state = h("div", { class: "state" });
  // It has no size, so that its moves are no layout shifts.
  const end = h("div", { class: "list-end" });
  const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && loadMore(), { rootMargin: `${AHEAD_PX}px` });
  watcher.observe(end);

  /** Load from the page at `url`, in groups by `groupOf`. */
  function load(url, groupOf) {
    next = null;
    arrival = fetchPage(url, () => {
      grid.clear(groupOf);
      onstart();
    });
    return arrival;
  }

  /** Load the next page, if there is one; resolves when it, or the page that is on its way, has been shown. */
  async function loadMore() {
    if (next && !loading) arrival = fetchPage(next);
    await arrival;
  }

  async function fetchPage(url, start = null) {
    loading?.abort();
    const mine = new AbortController();
    loading = mine;
    grid.element.setAttribute("aria-busy", "true");
    if (start && !grid.records.length) state.replaceChildren(skeleton());
    try {
      const page = await json(url, { signal: mine.signal });
      if (loading !== mine) return;
      loading = null;
      start?.();
      append(page);
    } catch (error) {
      if (error.name === "AbortError" || loading !== mine) return;
      loading = null;
      start?.();
      fail(error, () => fetchPage(url, start));
    } finally {
      if (loading === null) grid.element.setAttribute("aria-busy", "false");
    }
  }

  /** Show an error, with a button that calls `retry` if that can help. */
  function fail(error, retry) {
    grid.settle(false);
    state.replaceChildren(errorState(error, error.status === 404 ? null : retry));
  }

  function append(page) {
    next = page.next;
    grid.append(page.data, next !== null);
    showState();
    onpage(page);
    // A page can be short if the server found few matches within its limit. The end may then
    // be near already, so no scrolling would load the next page.
    if (next && end.isConnected && end.getBoundingClientRect().top < innerHeight + AHEAD_PX) setTimeout(loadMore, 0);
  }

  function showState() {
    state.replaceChildren(...(grid.records.length || next ? [] : [nothing()]));
  }

  return {
    elements: [grid.element, state, end],
    load,
    loadMore,
    fail,
    /** Show the changed records of a map by id; those that are null are removed. */
    replace(changes) {
      grid.replace(changes);
      if (next) loadMore();
      showState();
    },
    /** The address of the next page; null at the end. */
    get next() {
      return next;
    },
  };
}
