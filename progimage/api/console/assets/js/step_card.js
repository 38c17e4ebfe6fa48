// One step of a pipeline: its name, its arguments, and what moves or removes it.

import { h, icon } from "./dom.js";
import { schemaField } from "./schema_field.js";

const FRAME = ["x", "y", "width", "height"];

/** True if an operation cuts out a part that a frame can show. */
const hasFrame = ({ arguments: { properties } }) => FRAME.every((name) => name in properties);

/**
 * Return the card of the step at a place among `count` steps.
 *
 * `onchange` is called after a value of the step has changed, `onmove` gets by how many places to
 * move it; `onremove` and `onframe` are for the buttons of these names.
 */
export function stepCard(step, operation, { at, count, onchange, onmove, onremove, onframe }) {
  const { properties, required } = operation.arguments;
  const set = (name, value) => {
    step.values[name] = value;
    onchange();
  };
  const empty = (name) => {
    step.values[name] = "";
    fields.find(([each]) => each === name)[1].querySelector(`[name="${name}"]`).value = "";
  };
  const fields = Object.entries(properties).map(([name, schema]) => [
    name,
    schemaField(name, schema, step.values[name], required.includes(name), (value) => set(name, value), (others) => others.forEach(empty)),
  ]);
  const framed = hasFrame(operation);
  const isMain = (name) => required.includes(name) || step.values[name] || properties[name].format === "picture-id" || (framed && FRAME.includes(name));
  const main = fields.filter(([name], index) => index < 2 || isMain(name));
  const rest = fields.filter((field) => !main.includes(field));
  const frame = h("button", { type: "button", class: "frame-button", "aria-pressed": "false", onclick: onframe }, icon("crop"), h("span", {}, "Drag a frame"));
  return h(
    "li",
    { class: "step", dataset: { name: step.name } },
    h(
      "div",
      { class: "step-head" },
      h("strong", {}, operation.label),
      control("up", "move-up", `Move ${operation.label} up`, () => onmove(-1), at === 0),
      control("down", "move-down", `Move ${operation.label} down`, () => onmove(1), at === count - 1),
      control("close", "remove", `Remove ${operation.label}`, onremove, false),
    ),
    h("p", { class: "hint" }, operation.summary),
    framed && h("div", { class: "row framing" }, frame),
    main.length > 0 && h("div", { class: "grid two" }, main.map(([, field]) => field)),
    rest.length > 0 && h("details", {}, h("summary", {}, "More"), h("div", { class: "grid two" }, rest.map(([, field]) => field))),
  );
}

function control(drawing, name, label, action, disabled) {
  return h("button", { type: "button", class: `quiet round ${name}`, "aria-label": label, title: label, disabled, onclick: action }, icon(drawing));
}
