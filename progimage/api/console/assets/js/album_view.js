// One album: its pictures in order, and what its owner can do with them.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { albumForm } from "./album_form.js";
import { albumOrder } from "./album_order.js";
import { shareAlbum } from "./album_share.js";
import { addPictures, changeAlbum, deleteAlbum, picturesPath, readAlbum, removePictures } from "./albums.js";
import { confirmed } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { endlessList } from "./endless.js";
import { pictureGrid } from "./grid.js";
import { emptyState } from "./notice.js";
import { go, hrefOfPicture, hrefOfSharedPicture } from "./route.js";
import { selectEvery } from "./select_all.js";
import { Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { count, number } from "./wording.js";

/**
 * Return the view of the album `id`; `signature` is that of a link to it, or null.
 *
 * `onchanged` gets a map of the changed pictures by id; null for those that are deleted.
 */
export function albumView({ id, signature, onchanged }) {
  let album = null;
  let saving = Promise.resolve();
  const isShared = signature !== null;
  const selection = new Selection();
  const order = {};
  const grid = pictureGrid({
    selection: isShared ? null : selection,
    hrefOf: (image) => (isShared ? hrefOfSharedPicture(image, id, signature) : hrefOfPicture(image, id)),
    ontile: (item, record) => canEdit() && order.ontile(item, record),
  });
  const list = endlessList(grid, { onpage: showTotal, nothing });
  Object.assign(order, albumOrder({ grid, chosen, onmove }));

  const heading = h("h1", { class: "grow", tabindex: "-1" }, "Album");
  const about = h("p", { class: "about", dir: "auto" });
  const totalLine = h("p", { class: "total faint" });
  const buttons = h(
    "div",
    { class: "row" },
    h("button", { type: "button", class: "primary", onclick: () => shareAlbum(album) }, icon("share"), "Share"),
    h("button", { type: "button", onclick: () => albumForm({ album, ondone: show }) }, icon("pen"), "Edit"),
    h("button", { type: "button", class: "danger", onclick: remove }, icon("trash"), "Delete"),
  );
  const back = h("a", { class: "button quiet", href: `${servicePath}/?view=albums` }, icon("back"), "Albums");
  const bar = selectionBar(selection, {
    onchanged(changes) {
      replace(changes);
      onchanged(changes);
    },
    selectAll,
    all: size,
    more: [
      { drawing: "earlier", label: "Earlier", act: (records) => order.step(idsOf(records), -1) },
      { drawing: "later", label: "Later", act: (records) => order.step(idsOf(records), 1) },
      { drawing: "picture", label: "Use as cover", act: ([record]) => useAsCover(record) },
      { drawing: "close", label: "Remove from album", act: takeOut },
    ],
  });
  const hint = h("p", { class: "hint" }, "To change the order, drag pictures, move them with Shift and an arrow key, or select them and choose Earlier or Later.");
  const element = h("section", { class: "gallery album-view" }, h("div", { class: "picture-head" }, !isShared && back, heading, buttons), about, totalLine, hint, list.elements, !isShared && bar.element);

  const canEdit = () => !isShared && album?.count !== undefined;
  const idsOf = (records) => records.map((record) => record.id);

  function chosen(image) {
    if (!selection.has(image)) return [image];
    return idsOf(grid.records).filter((one) => selection.has(one));
  }

  async function load() {
    try {
      show(await readAlbum(id, signature));
    } catch (error) {
      hint.hidden = buttons.hidden = true;
      list.fail(error, load);
      return;
    }
    await list.load(picturesPath(id, signature));
  }

  function show(newest) {
    album = newest;
    heading.replaceChildren(h("bdi", {}, album.title), album.visibility === "private" && !isShared ? lock() : "");
    if (element.isConnected) document.title = `${album.title} – ProgImage`;
    about.textContent = album.description;
    about.hidden = !album.description;
    buttons.hidden = !canEdit();
    hint.hidden = !canEdit();
    back.hidden = !canEdit();
    showTotal();
  }

  const lock = () => h("span", { class: "private-mark", title: "Private" }, icon("lock"), h("span", { class: "unseen" }, ", private"));

  function showTotal() {
    totalLine.textContent = size() === null ? "" : count(size(), "picture");
  }

  /** Return how many pictures the album has; null if that is not known yet. */
  function size() {
    return list.next ? (album?.count ?? null) : grid.records.length;
  }

  function nothing() {
    return emptyState(
      "album",
      "No pictures in this album",
      canEdit() ? "Select pictures in the library and choose “Add to album”." : "Its pictures are not public, or there are none.",
      canEdit() && h("a", { class: "button", href: `${servicePath}/` }, "Choose pictures"),
    );
  }

  /** Show another order at once and save it; the moves are saved one after the other. */
  function onmove(ids, before) {
    // The end that is loaded is not the end of the album.
    if (before === null && list.next) return;
    grid.move(ids, before);
    const place = grid.records.findIndex((record) => record.id === ids[0]);
    say(`Moved to place ${number(place + 1)} of ${number(size())}`);
    saving = saving.then(() => addPictures(id, ids, before)).catch((error) => {
      toast(`The order was not saved: ${error.message}`, "bad");
      load();
    });
  }

  function replace(changes) {
    list.replace(changes);
    selection.update(changes);
    showTotal();
  }

  async function useAsCover(record) {
    album = await changeAlbum(id, { cover: record.id });
    toast("Cover chosen");
  }

  async function takeOut(records) {
    await removePictures(id, idsOf(records));
    album = await readAlbum(id);
    replace(new Map(records.map((record) => [record.id, null])));
    toast(`${count(records.length, "picture")} removed from the album`);
  }

  /** Select every picture of the list, also those that are not loaded yet. */
  function selectAll() {
    return selectEvery(selection, { records: grid.records, next: list.next, limit: 200 });
  }

  async function remove() {
    if (!(await confirmed(`Delete the album “${album.title}”?`, "Its pictures stay in the library. Links to the album end.", "Delete album"))) return;
    try {
      await deleteAlbum(id);
    } catch (error) {
      toast(error.message, "bad");
      return;
    }
    toast("Album deleted");
    go(`${servicePath}/?view=albums`);
  }

  const loaded = load();
  return {
    id,
    signature,
    element,
    heading,
    title: () => album?.title ?? "Album",
    replace,
    /** Return the ids before and after a picture in the album. */
    async neighbours(image) {
      await loaded;
      while (list.next && !(grid.neighbours(image).left > 0)) {
        const before = grid.records.length;
        await list.loadMore();
        if (grid.records.length === before) break;
      }
      return grid.neighbours(image);
    },
    /** Move the focus to a picture of the album; returns false if it is not there. */
    focusPicture: grid.focus,
    selectAll: isShared ? undefined : selectAll,
    toActions: bar.focus,
    deselect: () => selection.clear(),
  };
}
