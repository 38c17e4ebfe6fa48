// Short messages, for screen readers and, as toasts, for the eye.

import { h } from "./dom.js";

/** Let screen readers read `text` when they have finished the current text. */
export function say(text) {
  const region = document.getElementById("announcement");
  region.textContent = "";
  // Screen readers ignore a text that does not change, so it is cleared first.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** Show `text` for a few seconds, and let screen readers read it. */
export function toast(text, kind = "plain") {
  say(text);
  const element = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.classList.add("leaving"), 4200);
  setTimeout(() => element.remove(), 4600);
}
