// The form for a new import from a pasted list of addresses.

import { servicePath } from "./service_path.js";
import { sendJson } from "./api.js";
import { h, icon, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { privacyField } from "./privacy.js";
import { go, hrefOfJob } from "./route.js";
import { tagField } from "./tag_field.js";
import { count } from "./wording.js";

const EMPTY = "One address per line.";

/** Return the form; after a job is created, its page is shown. */
export function importForm() {
  const urlsId = uniqueId("urls");
  const titleId = uniqueId("title");
  const hintId = uniqueId("hint");
  const hint = h("p", { id: hintId, class: "hint" }, EMPTY);
  const urls = h("textarea", {
    id: urlsId,
    rows: 7,
    required: true,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "https://example.com/one.jpg\nhttps://example.com/two.png",
    "aria-describedby": hintId,
    oninput: () => {
      hint.textContent = lines().length ? count(lines().length, "address", "addresses") : EMPTY;
    },
  });
  const title = h("input", { id: titleId, type: "text", maxlength: 200, dir: "auto", autocomplete: "off" });
  const tags = tagField({ label: "Tags" });
  const privacy = privacyField();
  const trouble = h("div", {});
  const start = h("button", { type: "submit", class: "primary" }, icon("download"), "Start the import");

  const lines = () => urls.value.split(/\s+/).filter(Boolean);

  async function submit(event) {
    event.preventDefault();
    if (tags.input.value.trim()) tags.input.blur();
    start.disabled = true;
    trouble.replaceChildren();
    const metadata = { title: title.value.trim(), tags: tags.value(), visibility: privacy.value() };
    try {
      const response = await sendJson(`${servicePath}/jobs/`, { urls: lines(), ...metadata });
      go(hrefOfJob((await response.json()).id));
    } catch (error) {
      trouble.replaceChildren(errorState(error));
    } finally {
      start.disabled = false;
    }
  }

  return h(
    "form",
    { class: "card stack", "aria-label": "Import from addresses", onsubmit: submit },
    h("h2", {}, "Import from addresses"),
    h("div", { class: "field" }, h("label", { for: urlsId }, "Addresses of pictures"), urls, hint),
    h("div", { class: "field" }, h("label", { for: titleId }, "Title for all"), title),
    tags.element,
    privacy.element,
    trouble,
    h("div", { class: "row end" }, start),
  );
}
