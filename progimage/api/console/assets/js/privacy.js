// Whether pictures are to be private, which takes somebody they belong to.

import { h } from "./dom.js";
import { session, userName } from "./session.js";

/** Return `{element, value()}` of a box to tick, which shows only while somebody is logged in. */
export function privacyField() {
  const box = h("input", { type: "checkbox" });
  const element = h("label", { class: "check" }, box, "Private: for your eyes only");
  function show() {
    element.hidden = userName() === null;
  }
  session.addEventListener("change", show);
  show();
  return { element, value: () => (box.checked && !element.hidden ? "private" : "public") };
}
