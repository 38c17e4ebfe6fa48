// A picture at any size, in tiles: OpenSeadragon in a dialog that covers the page.

import { toast } from "./announce.js";
import { dialog, opened } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { tileSource } from "./tiles.js";
import { nameOf } from "./wording.js";

const STEP = 1.5;
const PAN_PX = 80;

/**
 * Show a record in a dialog, where it is moved and zoomed by wheel, pinch, drag and keys.
 *
 * The dialog closes once `signal` fired. Without tiles or viewer, a message says why.
 */
export async function zoom(record, signal) {
  try {
    // It sets a global, since it is not written as a module.
    const [source] = await Promise.all([tileSource(record), import("../vendor/openseadragon.min.js")]);
    if (!signal.aborted) show(record, source, signal);
  } catch (error) {
    toast(error.title ? error.message : "The viewer could not be loaded. Check the connection and try again.", "bad");
  }
}

function show(record, source, signal) {
  const { OpenSeadragon } = window;
  const place = h("div", { class: "zoom-place" });
  const level = h("output", { class: "zoom-level", "aria-label": "Zoom" });
  const trouble = h("div", { class: "notice bad", role: "alert", hidden: true }, h("p", {}, "Some parts of the picture could not be loaded."), h("button", { type: "button", onclick: again }, icon("retry"), "Try again"));
  const controls = [
    ["zoomIn", "Zoom in", "+", () => by(STEP)],
    ["zoomOut", "Zoom out", "−", () => by(1 / STEP)],
    ["fit", "Whole picture", "0", () => viewer.viewport.goHome()],
    ["picture", "Actual pixels", "1", () => viewer.viewport.zoomTo(pixels())],
  ];
  const bar = h(
    "div",
    { class: "zoom-bar", role: "toolbar", "aria-label": "Zoom" },
    controls.map(([drawing, label, key, action]) => h("button", { type: "button", title: `${label} (${key})`, "aria-label": label, onclick: action }, icon(drawing), h("span", {}, label))),
    level,
  );
  const element = dialog(nameOf(record), place, trouble, bar);
  element.classList.add("zoom");
  opened(element);
  bringNoStyle();

  const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const viewer = new OpenSeadragon.Viewer({
    element: place,
    tileSources: new OpenSeadragon.TileSource(source),
    // Pictures of other origins can be drawn on a canvas without being readable.
    drawer: "canvas",
    showNavigationControl: false,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    maxZoomPixelRatio: 8,
    imageLoaderLimit: 6,
    tileRetryMax: 3,
    tileRetryDelay: 2_000,
    ...(quiet ? { animationTime: 0, blendTime: 0, immediateRender: true } : { animationTime: 0.6 }),
    // Otherwise it empties their container by parsing "", which the page's policy forbids.
    preserveOverlays: true,
  });
  viewer.canvas.setAttribute("role", "img");
  viewer.canvas.setAttribute("aria-label", `${nameOf(record)}. Move it with the arrow keys, zoom with + and −.`);
  viewer.canvas.classList.add("zoom-canvas");
  // Keys are handled below, also while a button has the focus.
  viewer.addHandler("canvas-key", (event) => {
    event.preventDefaultAction = true;
  });
  viewer.addHandler("open", () => viewer.canvas.focus());
  viewer.addHandler("zoom", ({ zoom: wanted }) => {
    level.textContent = `${Math.round(100 * viewer.viewport.viewportToImageZoom(wanted))} %`;
  });
  viewer.addHandler("tile-load-failed", () => {
    trouble.hidden = false;
  });

  const pixels = () => viewer.viewport.imageToViewportZoom(1 / devicePixelRatio);

  function by(factor) {
    viewer.viewport.zoomBy(factor);
    viewer.viewport.applyConstraints();
  }

  function pan(across, down) {
    viewer.viewport.panBy(viewer.viewport.deltaPointsFromPixels(new OpenSeadragon.Point(across, down)));
    viewer.viewport.applyConstraints();
  }

  function again() {
    trouble.hidden = true;
    viewer.world.resetItems();
    viewer.forceRedraw();
  }

  const keys = {
    "+": () => by(STEP),
    "=": () => by(STEP),
    "-": () => by(1 / STEP),
    0: () => viewer.viewport.goHome(),
    1: () => viewer.viewport.zoomTo(pixels()),
    ArrowLeft: () => pan(-PAN_PX, 0),
    ArrowRight: () => pan(PAN_PX, 0),
    ArrowUp: () => pan(0, -PAN_PX),
    ArrowDown: () => pan(0, PAN_PX),
  };
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  const close = () => element.close();
  signal.addEventListener("abort", close, { once: true });
  element.addEventListener("close", () => {
    signal.removeEventListener("abort", close);
    // As above: it would parse "" into them.
    viewer.overlaysContainer = {};
    viewer.destroy();
  });
}

/**
 * Let OpenSeadragon find the style element that it would otherwise add, which the page's policy
 * forbids. In no namespace it is no style.
 */
function bringNoStyle() {
  const mark = "data-openseadragon-mobile-css";
  if (document.querySelector(`style[${mark}]`)) return;
  const style = document.createElementNS(null, "style");
  style.setAttribute(mark, "");
  document.head.append(style);
}
