// A slider over a result that uncovers the picture as it was before.

import { h, uniqueId } from "./dom.js";

/**
 * Return `{button, layers}`: a button that shows and hides the slider, and what lies over the
 * result. `before()` returns an `img` of the picture before, which is loaded once it is needed.
 */
export function comparison(before, isOn, ontoggle) {
  const under = h("div", { class: "before" });
  const id = uniqueId("split");
  const slider = h("input", { id, type: "range", class: "split", min: 0, max: 100, value: 50, "aria-label": "Before and after", oninput: place });
  const line = h("div", { class: "split-line", "aria-hidden": "true" });
  const words = ["Before", "After"].map((word) => h("span", { class: `split-word ${word.toLowerCase()}`, "aria-hidden": "true" }, word));
  const layers = h("div", { class: "comparison" }, under, line, words, slider);
  const button = h("button", { type: "button", class: "over", onclick: toggle }, "Compare");

  function place() {
    layers.style.setProperty("--split", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} % before, ${100 - slider.value} % after`);
  }

  function show() {
    if (isOn && !under.hasChildNodes()) under.append(before());
    layers.hidden = !isOn;
    button.setAttribute("aria-pressed", String(isOn));
  }

  function toggle() {
    isOn = !isOn;
    ontoggle(isOn);
    show();
    if (isOn) slider.focus({ preventScroll: true });
  }

  place();
  show();
  return { button, layers };
}
