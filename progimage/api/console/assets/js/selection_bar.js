// The bar with what can be done with the selected pictures.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { sendJson } from "./api.js";
import { archiveOf, changeAll, linksTo, save } from "./bulk.js";
import { copied } from "./copying.js";
import { confirmed, dialog, opened } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { go, hrefOfJob } from "./route.js";
import { accountMode, offers } from "./service.js";
import { tagField } from "./tag_field.js";
import { trashDays } from "./trash_view.js";
import { count, number } from "./wording.js";

/**
 * Return the bar for a selection; it is hidden while nothing is selected.
 *
 * `onchanged` gets the id of each changed picture with its new record, or with null after it is
 * deleted. `selectShown` selects all pictures that are shown.
 */
export function selectionBar(selection, { onchanged, selectShown }) {
  const total = h("strong", { class: "grow", role: "status" });
  const busy = h("span", { class: "faint", hidden: true });
  const buttons = [
    action("tag", "Tag", () => askForTags("Add tags", "Add", "add_tags", [])),
    action("untag", "Untag", () => askForTags("Remove tags", "Remove", "remove_tags", tagsInCommon())),
    ...(accountMode() === "off"
      ? []
      : [action("open", "Publish", () => change({ visibility: "public" }, "published")), action("lock", "Hide", () => change({ visibility: "private" }, "hidden"))]),
    action("copy", "Copy links", copyLinks),
    action("download", "Download", download),
    ...(offers("jobs") ? [action("picture", "Renditions", askForRenditions)] : []),
    action("trash", "Delete", remove, "danger"),
  ];
  const all = h("button", { type: "button", class: "quiet", onclick: selectShown }, "Select all shown");
  const none = h("button", { type: "button", class: "quiet round", "aria-label": "Clear the selection", title: "Clear the selection (Esc)", onclick: () => selection.clear() }, icon("close"));
  const element = h("div", { class: "selection-bar", role: "toolbar", "aria-label": "Selected pictures", hidden: true }, none, total, busy, all, buttons);

  function action(drawing, label, act, kind = "quiet") {
    return h("button", { type: "button", class: kind, title: label, onclick: act }, icon(drawing), h("span", {}, label));
  }

  function show() {
    element.hidden = selection.size === 0;
    total.textContent = `${number(selection.size)} selected`;
  }

  /** Run `act` with the bar's buttons disabled; its error is shown. */
  async function working(act) {
    for (const button of buttons) button.disabled = true;
    try {
      await act();
    } catch (error) {
      if (error.name !== "AbortError") toast(error.message, "bad");
    } finally {
      for (const button of buttons) button.disabled = false;
      busy.hidden = true;
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
      for (const { id, revision, visibility, tags } of changed) {
        onchanged(id, fields.delete ? null : { ...records.get(id), revision, visibility, tags });
      }
      report(changed.length, failed, done);
    });
  }

  function report(changed, failed, done) {
    const words = [changed > 0 && `${count(changed, "picture")} ${done}`, failed.length > 0 && `${number(failed.length)} failed: ${failed[0].detail ?? failed[0].title ?? "unknown reason"}`];
    toast(words.filter(Boolean).join("; "), failed.length ? "bad" : "plain");
  }

  function tagsInCommon() {
    return [...new Set(selection.records.flatMap(({ tags }) => tags))].sort((one, other) => one.localeCompare(other));
  }

  function askForTags(title, word, field, suggested) {
    const tags = tagField({ label: "Tags" });
    const known = suggested.slice(0, 40).map((tag) =>
      h("button", { type: "button", class: "pill", onclick: () => tags.set([...new Set([...tags.value(), tag])]) }, h("bdi", {}, tag)),
    );
    const form = h(
      "form",
      { class: "stack", onsubmit: submit },
      tags.element,
      known.length > 0 && h("div", { class: "pills", role: "group", "aria-label": "Tags of the selected pictures" }, known),
      h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, `${word} for ${count(selection.size, "picture")}`)),
    );
    const box = shownDialog(title, form);
    tags.input.focus();
    function submit(event) {
      event.preventDefault();
      if (tags.input.value.trim()) tags.input.blur();
      const chosen = tags.value();
      if (!chosen.length) return;
      box.close();
      change({ [field]: chosen }, field === "add_tags" ? "tagged" : "untagged");
    }
  }

  function askForRenditions() {
    const id = uniqueId("transforms");
    const hintId = uniqueId("hint");
    const text = h("textarea", { id, rows: 4, required: true, spellcheck: "false", value: "thumbnail.webp", "aria-describedby": hintId });
    const trouble = h("div", {});
    const form = h(
      "form",
      { class: "stack", onsubmit: submit },
      h("div", { class: "field" }, h("label", { for: id }, "Transforms, one a line"), text, h("p", { id: hintId, class: "hint" }, "As in an address: thumbnail.webp, resize:w=1200.jpg. They are made in the background and are there when somebody asks for them.")),
      trouble,
      h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, `Make for ${count(selection.size, "picture")}`)),
    );
    const box = shownDialog("Make renditions", form);
    async function submit(event) {
      event.preventDefault();
      const transforms = text.value.split(/\n/).map((line) => line.trim()).filter(Boolean);
      trouble.replaceChildren();
      try {
        const response = await sendJson(`${servicePath}/jobs/`, { images: selection.records.map((record) => record.id), transforms });
        const job = await response.json();
        box.close();
        selection.clear();
        go(hrefOfJob(job.id));
      } catch (error) {
        trouble.replaceChildren(errorState(error));
      }
    }
  }

  async function copyLinks() {
    const hidden = selection.records.filter(({ visibility }) => visibility === "private").length;
    const question = `${count(hidden, "picture is", "pictures are")} private. Everybody who has a link can see the original, with its metadata, for a week. Links cannot be taken back.`;
    if (hidden && !(await confirmed("Share private pictures?", question, "Copy links"))) return;
    await working(async () => {
      progress("Collecting links …");
      const urls = await linksTo(selection.records);
      if (await copied(urls.join("\n"))) toast(`${count(urls.length, "link")} copied`);
      else shownDialog("Links", h("textarea", { rows: 8, readonly: true, "aria-label": "Links", value: urls.join("\n") }));
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
    const days = await trashDays();
    const end = days ? `go to the trash, where they are kept for ${count(days, "day")}` : "be deleted permanently";
    const question = `${count(selection.size, "picture")} and all their renditions will ${end}.`;
    if (await confirmed(`Delete ${count(selection.size, "picture")}?`, question, "Delete")) await change({ delete: true }, "deleted");
  }

  selection.addEventListener("change", show);
  show();
  return { element };
}

function shownDialog(title, ...content) {
  const element = dialog(title, ...content);
  element.classList.add("small");
  return opened(element);
}
