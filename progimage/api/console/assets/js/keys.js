// The keys of the whole page, and the dialog that lists them.

import { dialog, opened } from "./dialogs.js";
import { h, icon } from "./dom.js";

const KEYS = [
  ["/", "Search"],
  ["?", "Show this help"],
  ["← →", "Previous or next picture"],
  ["Esc", "Back to the pictures; or deselect all"],
  ["← ↑ → ↓, Home, End", "Move between the pictures of a grid"],
  ["X", "Select the picture that has the focus"],
  ["Shift + X, Shift + click", "Select everything from the last selected picture"],
  ["Ctrl + A", "Select all pictures"],
  ["Shift + ← →", "Move a picture of an album"],
  ["A", "Go to the actions for the selected pictures"],
];

/**
 * Let keys do what `KEYS` lists, except while something is typed or a dialog is open.
 *
 * `view` returns the current view; `search` puts the cursor into the search.
 */
export function catchKeys({ view, search }) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey) return;
    if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const act = isCommand ? commandOf(event.key, view()) : actionOf(event.key, view(), search);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function commandOf(key, view) {
  return key === "a" ? view?.selectAll : null;
}

function actionOf(key, view, search) {
  if (key === "/") return search;
  if (key === "?") return showHelp;
  if (key === "a") return view?.toActions;
  if (key === "ArrowLeft" && view?.step) return () => view.step(-1);
  if (key === "ArrowRight" && view?.step) return () => view.step(1);
  if (key === "Escape") return view?.close ?? view?.deselect;
  return null;
}

// Keys of the page work in a checkbox, which takes only the space bar.
const isTyping = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [role=tab], [contenteditable]") != null;

export function helpButton() {
  return h("button", { type: "button", class: "quiet round help", "aria-label": "Keyboard help", title: "Keyboard help (?)", onclick: showHelp }, icon("help"));
}

function showHelp() {
  const rows = KEYS.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]);
  const element = dialog("Keyboard", h("dl", { class: "facts" }, rows));
  element.classList.add("small");
  opened(element);
}
