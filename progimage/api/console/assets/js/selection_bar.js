// The bar with what can be done with the selected pictures.

import { addToAlbum } from "./add_to_album.js";
import { say, toast } from "./announce.js";
import { archiveOf, changeAll, linksTo, save } from "./bulk.js";
import { copied } from "./copying.js";
import { confirmed } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { askForRenditions, askForTags, smallDialog } from "./selection_dialogs.js";
import { accountMode, offers } from "./service.js";
import { userName } from "./session.js";
import { trashDays } from "./trash_view.js";
import { count, number } from "./wording.js";

/**
 * Return the bar for a selection; it is hidden while nothing is selected.
 *
 * `onchanged` gets a map of the changed pictures by id: their new records, or null for those that
 * are deleted. `selectAll` selects all pictures of the list, and `all` returns how many these are.
 * `more` are the actions of the list itself, each `{drawing, label, act(records)}`.
 */
export function selectionBar(selection, { onchanged, selectAll, all, more = [] }) {
  const total = h("strong", { class: "grow", role: "status" });
  const busy = h("span", { class: "faint", hidden: true });
  const buttons = [
    ...more.map(({ drawing, label, act }) => action(drawing, label, () => working(() => act(selection.records)))),
    action("tag", "Tag", () => askForTags(selection.records, false, (tags) => change({ add_tags: tags }, "tagged"))),
    action("untag", "Untag", () => askForTags(selection.records, true, (tags) => change({ remove_tags: tags }, "untagged"))),
    ...(accountMode() === "off"
      ? []
      : [action("open", "Publish", () => change({ visibility: "public" }, "published")), action("lock", "Hide", () => change({ visibility: "private" }, "hidden"))]),
    ...(accountMode() === "off" || userName() !== null ? [action("album", "Add to album", () => addToAlbum(selection.records))] : []),
    action("copy", "Copy links", copyLinks),
    action("download", "Download", download),
    ...(offers("jobs") ? [action("layers", "Renditions", () => askForRenditions(selection.records, () => selection.clear()))] : []),
    action("trash", "Delete", remove, "danger"),
  ];
  const every = h("button", { type: "button", class: "quiet every", onclick: () => selectAll() });
  const none = h("button", { type: "button", class: "quiet round", "aria-label": "Clear the selection", title: "Clear the selection (Esc)", onclick: () => selection.clear() }, icon("close"));
  const element = h("div", { class: "selection-bar", role: "toolbar", "aria-label": "Selected pictures", hidden: true, onkeydown: onKey }, none, total, busy, every, buttons);

  function action(drawing, label, act, kind = "quiet") {
    return h("button", { type: "button", class: kind, title: label, onclick: act }, icon(drawing), h("span", {}, label));
  }

  function show() {
    element.hidden = selection.size === 0;
    total.textContent = `${number(selection.size)} selected`;
    every.textContent = all() ? `Select all ${number(all())}` : "Select all";
    every.disabled = selection.size === all();
  }

  /** Arrow keys move between the buttons, as WAI-ARIA Authoring Practices describe it for toolbars. */
  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const enabled = [...element.querySelectorAll("button:not(:disabled)")];
    enabled[(enabled.indexOf(document.activeElement) + step + enabled.length) % enabled.length].focus();
  }

  /** Run `act` with the bar's buttons disabled; its error is shown. */
  async function working(act) {
    const focused = document.activeElement;
    for (const button of buttons) button.disabled = true;
    try {
      await act();
    } catch (error) {
      if (error.name !== "AbortError") toast(error.message, "bad");
    } finally {
      for (const button of buttons) button.disabled = false;
      busy.hidden = true;
      // A disabled button loses the focus.
      if (document.activeElement === document.body && element.contains(focused)) focused.focus();
    }
  }

  function progress(text) {
    busy.hidden = false;
    busy.textContent = text;
  }

  function change(fields, done) {
    return working(async () => {
      const records = new Map(selection.records.map((record) => [record.id, record]));
      progress("Saving …");
      const { changed, failed } = await changeAll([...records.values()], fields);
      onchanged(new Map(changed.map(({ id, revision, visibility, tags }) => [id, fields.delete ? null : { ...records.get(id), revision, visibility, tags }])));
      report(changed.length, failed, done);
    });
  }

  function report(changed, failed, done) {
    const words = [changed > 0 && `${count(changed, "picture")} ${done}`, failed.length > 0 && `${number(failed.length)} failed: ${failed[0].detail ?? failed[0].title ?? "unknown reason"}`];
    toast(words.filter(Boolean).join("; "), failed.length ? "bad" : "plain");
  }

  async function copyLinks() {
    const hidden = selection.records.filter(({ visibility }) => visibility === "private").length;
    const question = `${count(hidden, "picture is", "pictures are")} private. Everybody who has a link can see the original, with its metadata, for a week. Links cannot be taken back.`;
    if (hidden && !(await confirmed("Share private pictures?", question, "Copy links"))) return;
    await working(async () => {
      progress("Collecting links …");
      const urls = await linksTo(selection.records);
      if (await copied(urls.join("\n"))) toast(`${count(urls.length, "link")} copied`);
      else smallDialog("Links", h("textarea", { rows: 8, readonly: true, "aria-label": "Links", value: urls.join("\n") }));
    });
  }

  function download() {
    return working(async () => {
      const stop = new AbortController();
      const { records } = selection;
      const blob = await archiveOf(records, { signal: stop.signal, onprogress: (done) => progress(`${number(done)} of ${number(records.length)}`) });
      save(blob, "pictures.zip");
      say(`${count(records.length, "picture")} downloaded`);
    });
  }

  async function remove() {
    if (await confirmed(`Delete ${count(selection.size, "picture")}?`, await endOf(selection.size), "Delete")) await change({ delete: true }, "deleted");
  }

  selection.addEventListener("change", show);
  show();
  return {
    element,
    /** Move the focus to the bar, if it is shown. */
    focus: () => buttons[0].focus(),
  };
}

/** Return what a deletion does to so many pictures, in words. */
export async function endOf(size) {
  const days = await trashDays();
  const end = days ? `go to the trash, where they can be restored for ${count(days, "day")}` : "be deleted permanently";
  return `${count(size, "picture")} and all their renditions will ${end}.`;
}
