// Selects all pictures of a list, also those that are not loaded yet.

import { toast } from "./announce.js";
import { pagesFrom, withQuery } from "./pages.js";
import { number } from "./wording.js";

const MOST_SELECTED = 5_000;

/**
 * Select the `records` of a list, and those of the pages from the one at `next`, if that is not null.
 * A page has at most `limit` records.
 *
 * Ends early when the selection is cleared: what a user has deselected must not be selected again.
 */
export async function selectEvery(selection, { records, next, limit }) {
  const stop = new AbortController();
  const { signal } = stop;
  selection.addEventListener("clear", () => stop.abort(), { signal });
  const add = (more) => selection.add(more.slice(0, MOST_SELECTED - selection.size));
  add(records.filter(({ id }) => !selection.has(id)));
  try {
    if (!next) return;
    for await (const page of pagesFrom(withQuery(next, { limit }), { signal })) {
      if (signal.aborted) return;
      add(page.data.filter(({ id }) => !selection.has(id)));
      if (selection.size >= MOST_SELECTED) break;
    }
    if (selection.size >= MOST_SELECTED) toast(`${number(selection.size)} pictures are selected, the most at once`);
  } catch (error) {
    if (error.name !== "AbortError") toast(error.message, "bad");
  } finally {
    stop.abort();
  }
}
