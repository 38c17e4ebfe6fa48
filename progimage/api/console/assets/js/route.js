// The addresses of views. They are in the query of `/`, so that every view can be linked to and
// reloaded without routes on the server.

import { servicePath } from "./service_path.js";

/** The conditions of a search, with the names of the service's query parameters. */
const CONDITIONS = ["q", "tags_all", "media_type", "visibility", "owner", "near"];

/** The parts of a search: its conditions, the order, and whether there are groups by month. */
export const SEARCH = [...CONDITIONS, "sort", "group"];

/** The order of a search that names none. */
export const NEWEST_FIRST = "-created";

/** Return the view of an address: `{view, ...}`. */
export function read(search = location.search) {
  const query = new URLSearchParams(search);
  const image = query.get("image");
  const album = query.get("album");
  const signature = query.get("sig");
  if (album !== null && signature !== null) return image === null ? { view: "album", id: album, signature } : { view: "shared", id: album, signature, image };
  if (image !== null) return { view: "picture", id: image, album, pipeline: query.get("pipeline") };
  if (album !== null) return { view: "album", id: album, signature: null };
  const job = query.get("job");
  if (job !== null) return { view: "job", id: job };
  const view = query.get("view");
  if (["albums", "duplicates", "jobs", "login", "trash"].includes(view)) return { view };
  return { view: "gallery", search: searchOf(query) };
}

/** Return the search of a query, its parts in a fixed order. */
function searchOf(query) {
  const search = new URLSearchParams();
  for (const name of SEARCH) {
    for (const value of query.getAll(name)) {
      if (value.trim()) search.append(name, value.trim());
    }
  }
  return search;
}

/** True if a search finds only some of the pictures. */
export const hasConditions = (search) => CONDITIONS.some((name) => search.has(name));

/** Return the order of a search, a value of the service's `sort`. */
export const sortOf = (search) => search.get("sort") ?? NEWEST_FIRST;

/** Return the query of `GET /images/` for a search, with further parameters. */
export function queryOf(search, more) {
  const query = new URLSearchParams(search);
  query.delete("group");
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return query;
}

export function hrefOfSearch(search) {
  const text = search.toString();
  return text ? `${servicePath}/?${text}` : `${servicePath}/`;
}

/** Return the address of the pictures that look like one. */
export const hrefOfNear = (id) => hrefOfSearch(new URLSearchParams({ near: id }));

export const hrefOfAlbum = (id) => `${servicePath}/?${new URLSearchParams({ album: id })}`;

/**
 * Return the address of a picture; in an album, its neighbours are those of the album.
 *
 * By default it is in the album of the current address, if there is one.
 */
export function hrefOfPicture(id, album = new URLSearchParams(location.search).get("album")) {
  return `${servicePath}/?${new URLSearchParams({ image: id, ...(album ? { album } : {}) })}`;
}

/** Return the address of an album for those who have a signed link to it. */
export const hrefOfShared = (album, signature) => `${hrefOfAlbum(album)}&${new URLSearchParams({ sig: signature })}`;

export const hrefOfSharedPicture = (id, album, signature) => `${hrefOfShared(album, signature)}&${new URLSearchParams({ image: id })}`;

/** Return the list that the current picture belongs to: `{view, name, href}`. */
export function hrefOfList() {
  const { album } = read();
  return album ? { view: "album", name: "Album", href: hrefOfAlbum(album) } : { view: "gallery", name: "Pictures", href: `${servicePath}/` };
}

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
