// The dialog that adds pictures to an album, an existing one or a new one.

import { toast } from "./announce.js";
import { addPictures, albumsPath, createAlbum } from "./albums.js";
import { json } from "./api.js";
import { h, uniqueId } from "./dom.js";
import { errorState, waitingState } from "./notice.js";
import { smallDialog } from "./selection_dialogs.js";
import { squareImage } from "./showing.js";
import { count } from "./wording.js";

/** Ask to which album to add `records`, and add them. */
export function addToAlbum(records) {
  const ids = records.map(({ id }) => id);
  const nameId = uniqueId("album");
  const name = h("input", { id: nameId, type: "text", maxlength: 200, required: true, dir: "auto", autocomplete: "off" });
  const create = h("button", { type: "submit", class: "primary" }, "Create");
  const form = h("form", { class: "row end-aligned", onsubmit: createNew }, h("div", { class: "field grow" }, h("label", { for: nameId }, "New album"), name), create);
  const list = h("ul", { class: "album-choices", "aria-label": "Albums" });
  const state = h("div", {}, waitingState());
  const box = smallDialog(`Add ${count(records.length, "picture")} to an album`, h("div", { class: "stack" }, form, list, state));
  name.focus();

  async function load(url) {
    try {
      const page = await json(url);
      list.append(...page.data.map(choice));
      state.replaceChildren(...(page.next ? [h("button", { type: "button", onclick: () => load(page.next) }, "Show more")] : []));
    } catch (error) {
      state.replaceChildren(errorState(error, () => load(url)));
    }
  }

  function choice(album) {
    const button = h(
      "button",
      { type: "button", class: "album-choice", onclick: () => adding(album, () => addPictures(album.id, ids)) },
      album.cover ? squareImage(album.cover, 44) : h("span", { class: "no-cover" }),
      h("bdi", { class: "grow" }, album.title),
      h("span", { class: "faint" }, count(album.count, "picture")),
    );
    return h("li", {}, button);
  }

  function createNew(event) {
    event.preventDefault();
    const title = name.value.trim();
    if (title) adding({ title }, async () => ((await createAlbum({ title }, ids)), ids.length));
  }

  async function adding(album, act) {
    const controls = [...box.querySelectorAll("button, input")];
    for (const control of controls) control.disabled = true;
    try {
      const added = await act();
      box.close();
      toast(`${count(added, "picture")} added to “${album.title}”`);
    } catch (error) {
      state.replaceChildren(errorState(error));
    } finally {
      for (const control of controls) control.disabled = false;
    }
  }

  load(albumsPath);
}
