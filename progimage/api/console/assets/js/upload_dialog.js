// The upload dialog: choose, drop or paste pictures, enter metadata, and follow the progress.

import { say } from "./announce.js";
import { transformList } from "./api.js";
import { dialog } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { privacyField } from "./privacy.js";
import { mayHelpToRetry } from "./problem.js";
import { hrefOfPicture } from "./route.js";
import { tagField } from "./tag_field.js";
import { Queue } from "./upload_queue.js";
import { bytes, count } from "./wording.js";

const KINDS = "image/*";

const WORDS = {
  ready: "ready",
  waiting: "waiting",
  sending: "sending",
  done: "uploaded",
  known: "was here already",
  failed: "failed",
  cancelled: "cancelled",
};

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
        const row = rowOf(upload, queue);
        rows.set(upload, row);
        list.append(row.element);
      }
    }
    const busy = queue.in("waiting", "sending").length;
    const isNew = queue.in("done").length;
    const known = queue.in("known").length;
    const gone = isNew + known;
    const failed = queue.in("failed").length;
    const ready = queue.in("ready").length;
    start.textContent = ready ? `Upload ${count(ready, "picture")}` : "Upload";
    start.disabled = ready === 0;
    clear.hidden = !queue.uploads.some((upload) => upload.isOver);
    const outcome = [isNew && `${isNew} new`, known && `${known} ${known === 1 ? "was" : "were"} here already`, failed && `${failed} failed`];
    summary.textContent = [busy && `${busy} in progress`, ...outcome].filter(Boolean).join(", ");
    label.textContent = busy ? `Uploading ${gone + failed + 1} of ${gone + failed + busy}` : "Upload";
    button.classList.toggle("busy", busy > 0);
    if (wasBusy && !busy) {
      say(`Upload finished: ${outcome.filter(Boolean).join(", ")}`);
      if (isNew) onuploaded();
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

function rowOf(upload, queue) {
  const preview = h("img", { alt: "", width: 44, height: 44 });
  const url = URL.createObjectURL(upload.file);
  preview.src = url;
  preview.onerror = () => preview.classList.add("none");
  const name = upload.file.name || "Pasted picture";
  const state = h("span", { class: "faint" });
  const meter = h("progress", { max: 1, "aria-label": `Upload of ${name}` });
  const trouble = h("p", { class: "trouble" });
  const again = h(
    "button",
    { type: "button", class: "quiet round", "aria-label": `Try ${name} again`, title: "Try again", onclick: () => queue.retry(upload) },
    icon("retry"),
  );
  const stop = h("button", { type: "button", class: "quiet round", onclick: () => queue.cancel(upload) }, icon("close"));
  const link = h("a", { class: "button quiet", target: "_blank", rel: "noopener" }, "View");
  const element = h(
    "li",
    {},
    preview,
    h("div", { class: "grow" }, h("bdi", { class: "name" }, name), state, meter, trouble),
    link,
    again,
    stop,
  );

  function show() {
    element.dataset.state = upload.state;
    const percent = Math.round(100 * upload.progress);
    state.textContent =
      upload.state === "sending"
        ? percent < 100
          ? `${percent} % of ${bytes(upload.file.size)}`
          : "processing"
        : `${bytes(upload.file.size)}, ${WORDS[upload.state]}`;
    // All bytes are sent and the service is working: the bar shows no percentage.
    if (upload.state === "sending" && upload.progress >= 1) meter.removeAttribute("value");
    else meter.value = upload.progress;
    meter.hidden = upload.state !== "sending" && upload.state !== "waiting";
    trouble.textContent = upload.error ? upload.error.message : "";
    again.hidden = !(upload.state === "cancelled" || (upload.state === "failed" && mayHelpToRetry(upload.error)));
    const running = upload.state === "sending" || upload.state === "waiting";
    stop.setAttribute("aria-label", running ? `Cancel ${name}` : `Remove ${name} from the list`);
    stop.title = running ? "Cancel" : "Remove from the list";
    link.hidden = upload.record === null;
    if (upload.record) link.href = hrefOfPicture(upload.record.id);
    if (upload.state === "failed") say(`${name} failed: ${upload.error.message}`);
  }
  upload.addEventListener("change", show);
  show();
  return { element, forget: () => URL.revokeObjectURL(url) };
}

function catchDropped(open) {
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    mark(true);
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) mark(false);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    depth = 0;
    mark(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    open([...event.dataTransfer.files]);
  });
}

function catchPasted(open) {
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    open(files);
  });
}
