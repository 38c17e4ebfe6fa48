// The focal point of a picture: what crops with `gravity=focus` keep in view.

import { toast } from "./announce.js";
import { h, icon } from "./dom.js";

const STEP = 0.01;
const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/**
 * Return the section that sets the focal point of a record.
 *
 * `surface` returns the element that shows the whole picture. A click there sets the point, as
 * do the arrow keys on its marker. `edit` sends changes, as `recordEdits` returns it; `onsaved`
 * gets the changed record and its version.
 */
export function focalPoint(record, surface, edit, onsaved) {
  let point = record.focal_point;
  let layer = null;
  const set = h("button", { type: "button", "aria-pressed": "false", onclick: toggle }, icon("focus"), h("span", {}, "Set the focal point"));
  const remove = h("button", { type: "button", class: "quiet", onclick: () => save(null) }, "Remove");
  const text = h("p", { class: "faint" });
  const element = h("section", { class: "stack", "aria-label": "Focal point" }, h("h2", {}, "Focal point"), text, h("div", { class: "row" }, set, remove));

  function show() {
    remove.hidden = !point;
    text.textContent = point
      ? `At ${percent(point.x)} from the left and ${percent(point.y)} from the top. Crops with gravity=focus keep it in view.`
      : "Crops with gravity=focus keep this point in view. Without one, they look for the most interesting part.";
    if (layer) place();
  }

  function toggle() {
    if (layer) {
      close();
      return;
    }
    const marker = h("button", { type: "button", class: "focal-marker", "aria-label": "Focal point; move it with the arrow keys, Enter saves", onkeydown: onKey });
    layer = h("div", { class: "focal-layer", onclick: onClick }, marker);
    surface().append(layer);
    set.setAttribute("aria-pressed", "true");
    set.lastChild.textContent = "Done";
    place();
    marker.focus({ preventScroll: true });
    surface().scrollIntoView({ block: "nearest" });
  }

  function close() {
    layer?.remove();
    layer = null;
    set.setAttribute("aria-pressed", "false");
    set.lastChild.textContent = "Set the focal point";
  }

  function place() {
    const { x, y } = point ?? { x: 0.5, y: 0.5 };
    layer.firstChild.style.left = `${100 * x}%`;
    layer.firstChild.style.top = `${100 * y}%`;
  }

  function onClick(event) {
    if (event.target !== layer) return;
    const box = layer.getBoundingClientRect();
    save({ x: within((event.clientX - box.left) / box.width), y: within((event.clientY - box.top) / box.height) });
  }

  function onKey(event) {
    const by = KEYS[event.key];
    if (by) {
      event.preventDefault();
      const from = point ?? { x: 0.5, y: 0.5 };
      point = { x: within(from.x + by[0]), y: within(from.y + by[1]) };
      show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      save(point);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
      set.focus();
    }
  }

  async function save(wanted) {
    try {
      const [changed, version] = await edit(() => ({ focal_point: wanted }), () => "*");
      point = changed.focal_point;
      show();
      onsaved(changed, version);
      toast(point ? "Focal point saved" : "Focal point removed");
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  show();
  return { element, close };
}

const within = (value) => Math.round(10_000 * Math.min(1, Math.max(0, value))) / 10_000;
const percent = (value) => `${Math.round(100 * value)} %`;
