// Lists of the service that come in pages.

import { json } from "./api.js";

/** Yield the pages of a list, from the one at `url` to the last. */
export async function* pagesFrom(url, { signal } = {}) {
  for (let next = url; next; ) {
    const page = await json(next, { signal });
    yield page;
    next = page.next;
  }
}

/** Return a URL with other values of some query parameters. */
export function withQuery(url, values) {
  const [path, query] = url.split("?");
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) changed.set(name, value);
  return `${path}?${changed}`;
}
