// The dialogs for the selected pictures that ask for tags and for renditions.

import { servicePath } from "./service_path.js";
import { sendJson } from "./api.js";
import { dialog, opened } from "./dialogs.js";
import { h, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { go, hrefOfJob } from "./route.js";
import { tagField } from "./tag_field.js";
import { count } from "./wording.js";

const MOST_SUGGESTED = 40;

/** Ask which tags to add to `records`, or to remove from them; `onchosen` gets the tags. */
export function askForTags(records, isRemoval, onchosen) {
  const tags = tagField({ label: "Tags" });
  const known = (isRemoval ? tagsOf(records) : []).slice(0, MOST_SUGGESTED).map((tag) =>
    h("button", { type: "button", class: "pill", onclick: () => tags.set([...new Set([...tags.value(), tag])]) }, h("bdi", {}, tag)),
  );
  const form = h(
    "form",
    { class: "stack", onsubmit: submit },
    tags.element,
    known.length > 0 && h("div", { class: "pills", role: "group", "aria-label": "Tags of the selected pictures" }, known),
    h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, `${isRemoval ? "Remove" : "Add"} for ${count(records.length, "picture")}`)),
  );
  const box = smallDialog(isRemoval ? "Remove tags" : "Add tags", form);
  tags.input.focus();

  function submit(event) {
    event.preventDefault();
    if (tags.input.value.trim()) tags.input.blur();
    const chosen = tags.value();
    if (!chosen.length) return;
    box.close();
    onchosen(chosen);
  }
}

function tagsOf(records) {
  return [...new Set(records.flatMap(({ tags }) => tags))].sort((one, other) => one.localeCompare(other));
}

/** Ask which renditions of `records` to make, and start the job; `onstarted` is called before it is shown. */
export function askForRenditions(records, onstarted) {
  const id = uniqueId("transforms");
  const hintId = uniqueId("hint");
  const text = h("textarea", { id, rows: 4, required: true, spellcheck: "false", value: "thumbnail.webp", "aria-describedby": hintId });
  const trouble = h("div", {});
  const form = h(
    "form",
    { class: "stack", onsubmit: submit },
    h("div", { class: "field" }, h("label", { for: id }, "Transforms, one a line"), text, h("p", { id: hintId, class: "hint" }, "As in an address: thumbnail.webp, resize:w=1200.jpg. They are made in the background, before they are needed.")),
    trouble,
    h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, `Make for ${count(records.length, "picture")}`)),
  );
  const box = smallDialog("Make renditions", form);

  async function submit(event) {
    event.preventDefault();
    const transforms = text.value.split(/\n/).map((line) => line.trim()).filter(Boolean);
    trouble.replaceChildren();
    try {
      const response = await sendJson(`${servicePath}/jobs/`, { images: records.map((record) => record.id), transforms });
      const job = await response.json();
      box.close();
      onstarted();
      go(hrefOfJob(job.id));
    } catch (error) {
      trouble.replaceChildren(errorState(error));
    }
  }
}

/** Open a small dialog; it is removed when it is closed. */
export function smallDialog(title, ...content) {
  const element = dialog(title, ...content);
  element.classList.add("small");
  return opened(element);
}
