// What happened, said to screen readers and shown for a moment to everybody else.

import { h } from "./dom.js";

/** Have screen readers say `text` when they are done with what they say now. */
export function say(text) {
  const region = document.getElementById("said");
  region.textContent = "";
  // A text that does not change is not said again.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** Show `text` for a few seconds and say it. */
export function toast(text, kind = "plain") {
  say(text);
  const element = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.classList.add("leaving"), 4200);
  setTimeout(() => element.remove(), 4600);
}
