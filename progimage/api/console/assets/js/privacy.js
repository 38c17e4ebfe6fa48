// The checkbox for private pictures, which need an owner.

import { h } from "./dom.js";
import { session, userName } from "./session.js";

/** Return `{element, value()}` of the checkbox, which is visible only while a user is logged in. */
export function privacyField() {
  const box = h("input", { type: "checkbox" });
  const element = h("label", { class: "check" }, box, "Private: only you can see it");
  function show() {
    element.hidden = userName() === null;
  }
  session.addEventListener("change", show);
  show();
  return { element, value: () => (box.checked && !element.hidden ? "private" : "public") };
}
