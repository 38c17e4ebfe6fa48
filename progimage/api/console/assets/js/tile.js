// One picture of a grid: a link with its thumbnail, its name and its badges.

import { h, icon } from "./dom.js";
import { lateThumbnail, placeholder } from "./showing.js";
import { count, nameOf } from "./wording.js";

/**
 * Return `{element, link, load(), isLoaded(), stop()}` of a record; the link leads to `href`.
 *
 * Its picture loads after `load`; `stop` ends that.
 */
export function tile(record, href) {
  const loading = new AbortController();
  const { image, load } = lateThumbnail(record, loading.signal);
  const before = placeholder(record);
  const link = h(
    "a",
    { href, draggable: "false" },
    before,
    image,
    h("span", { class: "caption", "aria-hidden": "true" }, h("bdi", {}, nameOf(record))),
    record.visibility === "private" && h("span", { class: "badge" }, icon("lock"), h("span", { class: "unseen" }, "Private")),
    record.frames > 1 && h("span", { class: "badge second" }, count(record.frames, "frame")),
  );
  const element = h("li", { class: "tile", dataset: { id: record.id } }, link);
  // Behind the picture it would be painted too, and be seen through transparent parts.
  image.addEventListener("load", () => image.decode().then(() => before.remove(), () => {}), { once: true });
  image.addEventListener("error", () => element.classList.add("broken"), { once: true });
  return { element, link, load, isLoaded: () => image.classList.contains("there"), stop: () => loading.abort() };
}

/** True if the tiles of two versions of a record look alike. */
export function looksSame(one, other) {
  return nameOf(one) === nameOf(other) && one.visibility === other.visibility;
}

/** Return empty tiles, which are shown while the first page loads. */
export function skeleton() {
  const ratios = [1.5, 0.75, 1.33, 1.6, 1, 1.5, 0.8, 1.78];
  return h("div", { class: "tiles skeleton", "aria-hidden": "true" }, ratios.map((ratio) => h("div", { class: "tile", style: { "--ratio": String(ratio) } })));
}
