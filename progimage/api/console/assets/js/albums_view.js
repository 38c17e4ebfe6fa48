// The albums of the user, the newest first.

import { albumForm } from "./album_form.js";
import { albumsPath } from "./albums.js";
import { json } from "./api.js";
import { h, icon } from "./dom.js";
import { emptyState, errorState, waitingState } from "./notice.js";
import { go, hrefOfAlbum } from "./route.js";
import { squareImage } from "./showing.js";
import { count } from "./wording.js";

const COVER_PX = 260;

export function albumsView() {
  const gone = new AbortController();
  const heading = h("h1", { class: "grow", tabindex: "-1" }, "Albums");
  const create = h("button", { type: "button", onclick: createNew }, icon("plus"), "New album");
  const list = h("ul", { class: "albums", "aria-label": "Albums" });
  const state = h("div", {}, waitingState());
  const element = h("section", { class: "stack wide" }, h("div", { class: "row" }, heading, create), list, state);

  function createNew() {
    albumForm({ ondone: (album) => go(hrefOfAlbum(album.id)) });
  }

  async function load(url) {
    try {
      const page = await json(url, { signal: gone.signal });
      list.append(...page.data.map(card));
      state.replaceChildren(...(page.next ? [h("button", { type: "button", onclick: () => load(page.next) }, "Show more")] : []));
      if (!list.children.length) {
        state.replaceChildren(
          emptyState("album", "No albums yet", "Albums put pictures in an order of your own. Select pictures and choose “Add to album”, or begin with an empty album."),
        );
      }
    } catch (error) {
      if (error.name !== "AbortError") state.replaceChildren(errorState(error, () => load(url)));
    }
  }

  load(albumsPath);
  return { element, heading, title: () => "Albums", leave: () => gone.abort() };
}

function card(album) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "album", href: hrefOfAlbum(album.id) },
      h("span", { class: "cover" }, album.cover ? squareImage(album.cover, COVER_PX) : icon("album")),
      h("span", { class: "album-line" }, h("bdi", { class: "album-title" }, album.title), album.visibility === "private" && h("span", { title: "Private" }, icon("lock"), h("span", { class: "unseen" }, "Private"))),
      h("span", { class: "faint" }, count(album.count, "picture")),
    ),
  );
}
