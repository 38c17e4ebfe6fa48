// A form for a signed link that works for some time: to a picture, or to an album.

import { h, icon, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const LIFETIMES = [
  [HOUR_S, "1 hour"],
  [DAY_S, "1 day"],
  [7 * DAY_S, "7 days"],
  [30 * DAY_S, "30 days"],
];

/**
 * Return the form. `make` gets the seconds that the link works and returns what is shown of it;
 * `note` stands above, and `field` beside the choice of the time.
 */
export function linkForm(make, { note, field } = {}) {
  const longId = uniqueId("long");
  const long = h("select", { id: longId }, LIFETIMES.map(([value, name]) => h("option", { value }, name)));
  long.value = String(DAY_S);
  const expiry = h("div", { class: "field" }, h("label", { for: longId }, "Expires after"), long);
  const result = h("div", { class: "lines" });
  const submit = h("button", { type: "submit", class: "primary" }, icon("share"), "Create a link");

  async function create(event) {
    event.preventDefault();
    submit.disabled = true;
    try {
      result.replaceChildren(...(await make(Number(long.value))));
    } catch (error) {
      result.replaceChildren(errorState(error));
    } finally {
      submit.disabled = false;
    }
  }

  return h(
    "form",
    { class: "stack", "aria-label": "Share by link", onsubmit: create },
    h("h3", {}, "Share by link"),
    note && h("p", { class: "faint" }, note),
    field ? h("div", { class: "grid two" }, field, expiry) : expiry,
    h("div", { class: "row end" }, submit),
    result,
  );
}
