// The addresses of views. They are in the query of `/`, so that every view can be linked to and
// reloaded without routes on the server.

import { servicePath } from "./service_path.js";

/** The conditions of a search, with the names of the service's query parameters. */
export const CONDITIONS = ["q", "tags_all", "media_type", "visibility", "owner"];

/** Return the view of an address: `{view, ...}`. */
export function read(search = location.search) {
  const query = new URLSearchParams(search);
  const image = query.get("image");
  if (image !== null) return { view: "picture", id: image, pipeline: query.get("pipeline") };
  const job = query.get("job");
  if (job !== null) return { view: "job", id: job };
  const view = query.get("view");
  if (["jobs", "login", "trash"].includes(view)) return { view };
  return { view: "gallery", search: onlyConditions(query) };
}

/** Return the search conditions of a query, in a fixed order. */
function onlyConditions(query) {
  const conditions = new URLSearchParams();
  for (const name of CONDITIONS) {
    for (const value of query.getAll(name)) {
      if (value.trim()) conditions.append(name, value.trim());
    }
  }
  return conditions;
}

export function hrefOfSearch(search) {
  const text = search.toString();
  return text ? `${servicePath}/?${text}` : `${servicePath}/`;
}

export const hrefOfPicture = (id) => `${servicePath}/?${new URLSearchParams({ image: id })}`;

export const hrefOfJob = (id) => `${servicePath}/?${new URLSearchParams({ job: id })}`;

/** Fires "change" when another view must be shown. */
export const router = new EventTarget();

/** Go to an address of this page. */
export function go(href, { replace = false } = {}) {
  const state = { from: read().view };
  if (replace) history.replaceState(history.state, "", href);
  else history.pushState(state, "", href);
  router.dispatchEvent(new Event("change"));
}

/** Change the address of the current view, without a new view. */
export function note(href) {
  history.replaceState(history.state, "", href);
}

/** Return the view that led to this one, or null if this one was opened by its address. */
export const cameFrom = () => history.state?.from ?? null;

/** Handle plain clicks on links of this page as changes of the view; the browser handles others. */
export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || link.target || link.hasAttribute("download")) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname !== `${servicePath}/` || url.hash) return;
    event.preventDefault();
    go(url.pathname + url.search);
  });
  addEventListener("popstate", () => router.dispatchEvent(new Event("change")));
}
