// One file in the upload dialog: its preview, its state, and what can be done with it.

import { say } from "./announce.js";
import { h, icon } from "./dom.js";
import { mayHelpToRetry } from "./problem.js";
import { hrefOfPicture } from "./route.js";
import { bytes } from "./wording.js";

const WORDS = {
  ready: "ready",
  waiting: "waiting",
  sending: "sending",
  done: "uploaded",
  known: "was here already",
  failed: "failed",
  cancelled: "cancelled",
};

/** Return `{element, forget}` of an upload in `queue`; `forget` releases the preview. */
export function uploadRow(upload, queue) {
  const preview = h("img", { alt: "", width: 44, height: 44, loading: "lazy", decoding: "async" });
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
        : `${bytes(upload.file.size)}, ${outcomeOf(upload)}`;
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

/** Return what became of a file, in words. */
function outcomeOf(upload) {
  const { applied, notApplied } = upload;
  return [WORDS[upload.state], applied.length > 0 && `${applied.join(" and ")} changed`, notApplied.length > 0 && `${notApplied.join(" and ")} not changed`].filter(Boolean).join("; ");
}
