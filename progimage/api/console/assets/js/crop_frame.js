// A frame over a picture, moved and resized by mouse, touch and keys.

import { say } from "./announce.js";
import { moved, resized, shaped } from "./crop_geometry.js";
import { debounced, h } from "./dom.js";
import { number } from "./wording.js";

const HANDLES = { nw: "Top left corner", n: "Top edge", ne: "Top right corner", e: "Right edge", se: "Bottom right corner", s: "Bottom edge", sw: "Bottom left corner", w: "Left edge" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const RATIOS = [["Free", 0], ["As the picture", null], ["Square", 1], ["4 : 3", 4 / 3], ["3 : 2", 3 / 2], ["16 : 9", 16 / 9], ["3 : 4", 3 / 4], ["2 : 3", 2 / 3], ["9 : 16", 9 / 16]];
const HELP = "the arrow keys move it, with Shift by one pixel";

/**
 * Put a frame over `surface`, which shows a picture of `size` in pixels.
 *
 * `onchange` gets each new frame, `onclose` is called when Enter or Escape is pressed. Returns
 * `{ratios, set(frame), focus(), close()}`; `ratios` is a choice of ratios that the frame keeps.
 */
export function cropFrame(surface, size, frame, { onchange, onclose }) {
  let ratio = 0;
  const readout = h("output", { class: "crop-readout", "aria-hidden": "true" });
  const handles = Object.entries(HANDLES).map(([edges, name]) =>
    h("button", { type: "button", class: `crop-handle ${edges}`, "aria-label": `${name}; ${HELP}`, onkeydown: (event) => onKey(event, edges), onpointerdown: (event) => onDown(event, edges) }),
  );
  const body = h("button", { type: "button", class: "crop-body", "aria-label": `Frame; ${HELP}`, onkeydown: (event) => onKey(event, ""), onpointerdown: (event) => onDown(event, "") });
  const box = h("div", { class: "crop-box" }, body, handles);
  const layer = h("div", { class: "crop-layer", role: "group", "aria-label": "Part to cut out" }, box, readout);
  const ratios = h("select", { "aria-label": "Shape of the frame", onchange: chooseRatio }, RATIOS.map(([name], at) => h("option", { value: at }, name)));
  const saySoon = debounced(() => say(textOf(frame)), 400);

  function show() {
    box.style.left = `${(100 * frame.x) / size.width}%`;
    box.style.top = `${(100 * frame.y) / size.height}%`;
    box.style.width = `${(100 * frame.width) / size.width}%`;
    box.style.height = `${(100 * frame.height) / size.height}%`;
    readout.textContent = textOf(frame);
  }

  function change(next) {
    frame = next;
    show();
    onchange(frame);
  }

  const dragged = (from, edges, across, down) => (edges ? resized(from, edges, across, down, size, ratio) : moved(from, across, down, size));

  function chooseRatio() {
    const chosen = RATIOS[ratios.value][1];
    ratio = chosen === null ? size.width / size.height : chosen;
    if (ratio) change(shaped(frame, ratio, size));
  }

  function onKey(event, edges) {
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      onclose();
      return;
    }
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const step = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(size.width, size.height) / 100));
    change(dragged(frame, edges, arrow[0] * step, arrow[1] * step));
    saySoon();
  }

  function onDown(event, edges) {
    if (event.button !== 0) return;
    const { currentTarget: target, pointerId, clientX, clientY } = event;
    const from = frame;
    const shown = surface.getBoundingClientRect();
    target.setPointerCapture(pointerId);
    const onMove = (next) => {
      if (next.pointerId !== pointerId) return;
      change(dragged(from, edges, ((next.clientX - clientX) * size.width) / shown.width, ((next.clientY - clientY) * size.height) / shown.height));
    };
    target.addEventListener("pointermove", onMove);
    target.addEventListener("lostpointercapture", () => target.removeEventListener("pointermove", onMove), { once: true });
  }

  show();
  surface.append(layer);
  return {
    ratios,
    set(next) {
      frame = next;
      show();
    },
    focus: () => body.focus({ preventScroll: true }),
    close: () => {
      saySoon.cancel();
      layer.remove();
    },
  };
}

const textOf = ({ x, y, width, height }) => `${number(width)} × ${number(height)} at ${number(x)}, ${number(y)}`;

/** Return the frame that the arguments of a crop mean, as far as it is known without the pixels. */
export function frameOf(values, size) {
  const given = (name) => (/^\d+$/.test(String(values[name] ?? "").trim()) ? Number(values[name]) : null);
  const [x, y] = [given("x"), given("y")];
  const isPlaced = x !== null || y !== null;
  const left = Math.min(x ?? 0, size.width - 1);
  const top = Math.min(y ?? 0, size.height - 1);
  const width = Math.max(1, Math.min(given("width") ?? size.width, size.width - left));
  const height = Math.max(1, Math.min(given("height") ?? size.height, size.height - top));
  if (isPlaced) return { x: left, y: top, width, height };
  return { x: Math.round((size.width - width) / 2), y: Math.round((size.height - height) / 2), width, height };
}
