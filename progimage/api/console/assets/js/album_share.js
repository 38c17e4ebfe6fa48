// The dialog with the addresses of an album for others.

import { linkToAlbum } from "./albums.js";
import { dialog, opened } from "./dialogs.js";
import { h } from "./dom.js";
import { linkForm } from "./link_form.js";
import { hrefOfAlbum, hrefOfShared } from "./route.js";
import { line } from "./share_dialog.js";
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
  const element = dialog("Share album", h("div", { class: "stack wide" }, album.visibility === "public" && open, album.owner && albumLinkForm(album)));
  opened(element);
}

function albumLinkForm(album) {
  async function make(expiresInS) {
    const { url, expires, signature } = await linkToAlbum(album.id, expiresInS);
    return [
      line("Link", new URL(hrefOfShared(album.id, signature), location.origin).href),
      line("For programs", url),
      h("p", { class: "faint" }, `Works until ${when(expires)}. It cannot be taken back, except by deleting the album.`),
    ];
  }

  return linkForm(make, { note: "Everybody who has the link sees all your pictures in the album, private ones too. Originals stay closed." });
}
