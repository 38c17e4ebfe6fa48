// The dialog with the addresses of an album for others.

import { linkToAlbum } from "./albums.js";
import { dialog, opened } from "./dialogs.js";
import { h, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { hrefOfAlbum, hrefOfShared } from "./route.js";
import { DAY_S, LIFETIMES, line } from "./share_dialog.js";
import { when } from "./wording.js";

/** Open the dialog for an album. */
export function shareAlbum(album) {
  const address = new URL(hrefOfAlbum(album.id), location.origin).href;
  const open = h(
    "section",
    { class: "stack", "aria-label": "Public address" },
    h("p", {}, "The album is public: everybody can see it, with those of its pictures that are public."),
    h("div", { class: "lines" }, line("Address", address)),
  );
  const element = dialog("Share album", h("div", { class: "stack wide" }, album.visibility === "public" && open, album.owner && linkForm(album)));
  opened(element);
}

function linkForm(album) {
  const longId = uniqueId("long");
  const long = h("select", { id: longId }, LIFETIMES.map(([value, name]) => h("option", { value }, name)));
  long.value = String(DAY_S);
  const result = h("div", { class: "lines" });
  const submit = h("button", { type: "submit", class: "primary" }, "Create a link");

  async function create(event) {
    event.preventDefault();
    submit.disabled = true;
    try {
      const { url, expires, signature } = await linkToAlbum(album.id, Number(long.value));
      result.replaceChildren(
        line("Link", new URL(hrefOfShared(album.id, signature), location.origin).href),
        line("For programs", url),
        h("p", { class: "faint" }, `Works until ${when(expires)}. It cannot be taken back, except by deleting the album.`),
      );
    } catch (error) {
      result.replaceChildren(errorState(error));
    } finally {
      submit.disabled = false;
    }
  }

  return h(
    "form",
    { class: "stack", "aria-label": "Share by link", onsubmit: create },
    h("h3", {}, "Share by link"),
    h("p", { class: "faint" }, "Everybody who has the link sees all your pictures in the album, private ones too. Originals stay closed."),
    h("div", { class: "field" }, h("label", { for: longId }, "Expires after"), long),
    h("div", { class: "row end" }, submit),
    result,
  );
}
