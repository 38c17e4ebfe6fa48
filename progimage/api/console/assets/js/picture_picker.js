// Chooses one picture of the library, in a dialog with a search.

import { servicePath } from "./service_path.js";
import { say } from "./announce.js";
import { json } from "./api.js";
import { dialog, opened } from "./dialogs.js";
import { debounced, h, icon } from "./dom.js";
import { stepOnKeys } from "./grid_keys.js";
import { errorState, waitingState } from "./notice.js";
import { thumbnailImage } from "./showing.js";
import { count, nameOf, number } from "./wording.js";

const PAGE = 24;

/** Let people choose a picture; `onchosen` gets its record. */
export function choosePicture(onchosen) {
  let loading = new AbortController();
  const search = h("input", {
    type: "search",
    placeholder: "Search titles, descriptions, files and tags",
    "aria-label": "Search for a picture",
    dir: "auto",
    autocomplete: "off",
    maxlength: 200,
    oninput: debounced(() => find(), 250),
    onkeydown(event) {
      if (event.isComposing || !["ArrowDown", "Enter"].includes(event.key)) return;
      event.preventDefault();
      list.querySelector("button")?.focus();
    },
  });
  const list = h("ul", { class: "picture-choices", "aria-label": "Pictures to choose from" });
  const state = h("div", {});
  const box = dialog("Choose a picture", h("div", { class: "search-line" }, icon("search"), search), list, state);
  box.classList.add("picker");
  stepOnKeys(list, { rows, focus: (id) => list.querySelector(`[data-id="${id}"] button`).focus() });
  box.addEventListener("close", () => loading.abort());
  opened(box);
  search.focus();
  find();

  function find() {
    const q = search.value.trim();
    const query = new URLSearchParams({ limit: PAGE, links: 0, ...(q ? { q } : {}) });
    return load(`${servicePath}/images/?${query}`, () => list.replaceChildren());
  }

  async function load(url, start = () => {}) {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    state.replaceChildren(waitingState());
    try {
      const page = await json(url, { signal });
      start();
      append(page);
    } catch (error) {
      if (error.name !== "AbortError") state.replaceChildren(errorState(error, () => load(url, start)));
    }
  }

  function append(page) {
    const before = list.children.length;
    list.append(...page.data.map(choice));
    const more = h("button", { type: "button", onclick: () => load(page.next) }, "Show more");
    const none = list.children.length || page.next ? [] : [h("p", { class: "faint" }, "No picture matches.")];
    state.replaceChildren(...none, ...(page.next ? [more] : []));
    say(list.children.length ? `${count(list.children.length, "picture")} to choose from` : "No picture matches");
    // The button for more is gone with the focus.
    if (before && page.data.length) list.children[before].firstElementChild.focus();
  }

  function choice(record) {
    const size = `${number(record.width)} × ${number(record.height)}`;
    const image = thumbnailImage(record);
    // Its name stands below it.
    image.alt = "";
    const button = h(
      "button",
      { type: "button", onclick: () => choose(record) },
      h("span", { class: "picture-choice-image" }, image),
      h("bdi", {}, nameOf(record)),
      h("span", { class: "faint" }, size),
    );
    return h("li", { class: "picture-choice", dataset: { id: record.id } }, button);
  }

  function choose(record) {
    box.close();
    onchosen(record);
  }

  /** Return the rows of choices, each a list of `{id, middle}`. */
  function rows() {
    const byTop = new Map();
    for (const item of list.children) {
      const row = byTop.get(item.offsetTop) ?? [];
      row.push({ id: item.dataset.id, middle: item.offsetLeft + item.offsetWidth / 2 });
      byTop.set(item.offsetTop, row);
    }
    return [...byTop.values()];
  }
}
