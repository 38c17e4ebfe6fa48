// The dialog for the title, the description and the visibility of an album.

import { changeAlbum, createAlbum } from "./albums.js";
import { dialog, opened } from "./dialogs.js";
import { h, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { userName } from "./session.js";

/** Open the dialog for a new album, or for `album`; `ondone` gets the album's document. */
export function albumForm({ album = null, ondone }) {
  const titleId = uniqueId("title");
  const aboutId = uniqueId("about");
  const title = h("input", { id: titleId, type: "text", maxlength: 200, required: true, dir: "auto", autocomplete: "off", value: album?.title ?? "" });
  const about = h("textarea", { id: aboutId, rows: 3, maxlength: 2000, dir: "auto", value: album?.description ?? "" });
  const open = h("input", { type: "checkbox", checked: album?.visibility === "public" });
  const trouble = h("div", {});
  const submit = h("button", { type: "submit", class: "primary" }, album ? "Save" : "Create album");
  const form = h(
    "form",
    { class: "stack", onsubmit: send },
    h("div", { class: "field" }, h("label", { for: titleId }, "Title"), title),
    h("div", { class: "field" }, h("label", { for: aboutId }, "Description"), about),
    userName() !== null && h("label", { class: "check" }, open, "Public: everybody can see the album and its public pictures"),
    trouble,
    h("div", { class: "row end" }, submit),
  );
  const element = dialog(album ? "Edit album" : "New album", form);
  element.classList.add("small");

  async function send(event) {
    event.preventDefault();
    submit.disabled = true;
    trouble.replaceChildren();
    const visibility = userName() === null ? {} : { visibility: open.checked ? "public" : "private" };
    const fields = { title: title.value.trim(), description: about.value.trim(), ...visibility };
    try {
      const saved = await (album ? changeAlbum(album.id, fields) : createAlbum(fields));
      element.close();
      ondone(saved);
    } catch (error) {
      trouble.replaceChildren(errorState(error));
    } finally {
      submit.disabled = false;
    }
  }

  opened(element);
  title.focus();
}
