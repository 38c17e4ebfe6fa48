// Lets people select a picture of the gallery by mouse, touch and keyboard.

import { h } from "./dom.js";
import { nameOf } from "./wording.js";

const LONG_PRESS_MS = 500;
const MOST_MOVED_PX = 10;

/**
 * Make the tile `element` of a record selectable; `link` opens the picture.
 *
 * A checkbox in its corner selects it, with Shift everything from the last selected one. While
 * something is selected, a click on the picture does the same. So do a long press, and X while
 * the link has the focus. `shown` returns the records of the gallery in their order.
 */
export function selectable(element, link, record, selection, shown) {
  const box = h("input", { type: "checkbox", "aria-label": `Select ${nameOf(record)}`, onclick: onBox });
  element.append(h("label", { class: "tile-check" }, box));
  let wasLongPress = false;

  function select(withRange) {
    if (withRange) selection.extend(record, shown());
    else selection.toggle(record);
  }

  function onBox(event) {
    select(event.shiftKey);
    box.checked = selection.has(record.id);
  }

  link.addEventListener("click", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!wasLongPress && !(selection.size && isPlain)) return;
    event.preventDefault();
    if (!wasLongPress) select(event.shiftKey);
    wasLongPress = false;
  });
  link.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    select(event.shiftKey);
  });
  onLongPress(link, () => {
    wasLongPress = true;
    select(false);
  });

  return {
    show() {
      box.checked = selection.has(record.id);
      element.classList.toggle("selected", box.checked);
    },
  };
}

function onLongPress(target, act) {
  let timer = 0;
  let start = null;
  const cancel = () => clearTimeout(timer);
  target.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") return;
    start = event;
    timer = setTimeout(act, LONG_PRESS_MS);
  });
  target.addEventListener("pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > MOST_MOVED_PX) cancel();
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) target.addEventListener(name, cancel);
  // The browser's own menu for a link would open at the same moment.
  target.addEventListener("contextmenu", (event) => {
    if (event.pointerType === "touch") event.preventDefault();
  });
}
