// The upload dialog: choose, drop or paste pictures, enter metadata, and follow the progress.

import { say } from "./announce.js";
import { transformList } from "./api.js";
import { dialog } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { catchDropped, catchPasted } from "./dropping.js";
import { privacyField } from "./privacy.js";
import { tagField } from "./tag_field.js";
import { Queue } from "./upload_queue.js";
import { uploadRow } from "./upload_row.js";
import { count } from "./wording.js";

const KINDS = "image/*";

const KNOWN = [
  ["keep", "stay as they are"],
  ["merge", "get the title and tags that they lack"],
  ["replace", "get this title, these tags and this visibility"],
];

/** Return `{open(files), button}`; `onuploaded` is called after a batch is uploaded. */
export function uploader({ onuploaded }) {
  const queue = new Queue();
  const rows = new Map();

  const chooser = h("input", {
    type: "file",
    id: uniqueId("files"),
    class: "unseen",
    multiple: true,
    accept: KINDS,
    onchange: () => {
      take([...chooser.files]);
      chooser.value = "";
    },
  });
  // Of documents, such as PDF, a server reads only those whose extra it has.
  const readable = new Set();
  transformList()
    .then(({ formats }) => {
      for (const { media_type: type } of formats) readable.add(type);
      chooser.accept = [KINDS, ...readable].join(",");
    })
    .catch(() => {
      // Pictures can be chosen all the same.
    });
  const drop = h(
    "label",
    { class: "drop", for: chooser.id },
    icon("upload"),
    h("span", {}, h("strong", {}, "Choose pictures"), " or drop or paste them here"),
  );
  const titleId = uniqueId("title");
  const title = h("input", { id: titleId, type: "text", maxlength: 200, dir: "auto", autocomplete: "off" });
  const tags = tagField({ label: "Tags" });
  const privacy = privacyField();
  const knownId = uniqueId("known");
  const known = h("select", { id: knownId }, KNOWN.map(([value, name]) => h("option", { value }, name)));
  const list = h("ul", { class: "uploads", "aria-label": "Pictures to upload" });
  const summary = h("p", { class: "faint grow" });
  const start = h("button", { type: "submit", class: "primary" });
  const clear = h("button", { type: "button", class: "quiet", onclick: () => queue.clear() }, "Clear finished");
  const form = h(
    "form",
    { class: "stack", onsubmit: send },
    chooser,
    drop,
    list,
    h(
      "fieldset",
      { class: "grid two" },
      h("legend", {}, "For all of them"),
      h("div", { class: "field" }, h("label", { for: titleId }, "Title"), title),
      tags.element,
      h("div", { class: "field" }, h("label", { for: knownId }, "Pictures that are here already"), known),
      privacy.element,
    ),
    h("div", { class: "row end" }, summary, clear, start),
  );
  const element = dialog("Upload pictures", form);
  element.classList.add("upload");

  const label = h("span", {}, "Upload");
  const button = h("button", { type: "button", class: "primary", onclick: () => open([]) }, icon("upload"), label);

  function take(files) {
    const pictures = files.filter((file) => !file.type || file.type.startsWith("image/") || readable.has(file.type));
    const others = files.length - pictures.length;
    if (pictures.length) queue.add(pictures);
    const added = pictures.length ? `${count(pictures.length, "picture")} added` : "";
    const left = others ? `${count(others, "file")} skipped: not a picture` : "";
    if (added || left) say([added, left].filter(Boolean).join("; "));
    leftOut.textContent = left;
    leftOut.hidden = !left;
  }
  const leftOut = h("p", { class: "notice", hidden: true });
  drop.after(leftOut);

  function send(event) {
    event.preventDefault();
    const ready = queue.in("ready").length;
    if (!ready) return;
    if (tags.input.value.trim()) tags.input.blur();
    queue.start({
      title: title.value.trim(),
      tags: tags.value(),
      visibility: privacy.value(),
      on_known: known.value,
    });
    say(`Uploading ${count(ready, "picture")}`);
  }

  let wasBusy = false;
  function show() {
    const current = new Set(queue.uploads);
    for (const [upload, row] of rows) {
      if (!current.has(upload)) {
        row.element.remove();
        row.forget();
        rows.delete(upload);
      }
    }
    for (const upload of queue.uploads) {
      if (!rows.has(upload)) {
        const row = uploadRow(upload, queue);
        rows.set(upload, row);
        list.append(row.element);
      }
    }
    const busy = queue.in("waiting", "sending").length;
    const isNew = queue.in("done").length;
    const repeated = queue.in("known").length;
    const gone = isNew + repeated;
    const failed = queue.in("failed").length;
    const ready = queue.in("ready").length;
    start.textContent = ready ? `Upload ${count(ready, "picture")}` : "Upload";
    start.disabled = ready === 0;
    clear.hidden = !queue.uploads.some((upload) => upload.isOver);
    const outcome = [isNew && `${isNew} new`, repeated && `${repeated} ${repeated === 1 ? "was" : "were"} here already`, failed && `${failed} failed`];
    summary.textContent = [busy && `${busy} in progress`, ...outcome].filter(Boolean).join(", ");
    label.textContent = busy ? `Uploading ${gone + failed + 1} of ${gone + failed + busy}` : "Upload";
    button.classList.toggle("busy", busy > 0);
    if (wasBusy && !busy) {
      say(`Upload finished: ${outcome.filter(Boolean).join(", ")}`);
      if (gone) onuploaded();
      // What needs attention comes first.
      for (const upload of queue.in("failed").reverse()) list.prepend(rows.get(upload).element);
    }
    wasBusy = busy > 0;
  }
  queue.addEventListener("change", show);

  function open(files) {
    if (!element.isConnected) document.body.append(element);
    if (!element.open && !document.querySelector("dialog[open]")) element.showModal();
    take(files);
    show();
  }

  catchDropped(open);
  catchPasted(open);
  addEventListener("beforeunload", (event) => {
    if (queue.in("waiting", "sending").length) event.preventDefault();
  });
  show();
  return { open, button };
}
