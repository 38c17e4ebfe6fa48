// Fields of a record that people name themselves: pairs of a name and a text.

import { h, icon } from "./dom.js";

const MOST = 50;

/**
 * Return `{element, value(), set(fields), mistake()}`; `onchange` is called after each change.
 *
 * The value may have pairs without a name or a text, as people type them one after the other.
 * `mistake` returns the `control` and the `text` of what keeps the fields from being saved, or null.
 */
export function customFields(onchange) {
  const list = h("ul", { class: "stack", "aria-label": "Other fields" });
  const more = h("button", { type: "button", class: "quiet", onclick: add }, icon("plus"), "Add a field");
  const element = h("div", { class: "stack" }, list, h("div", { class: "row" }, more));

  function add() {
    const row = pair("", "");
    list.append(row);
    changed();
    row.querySelector("input").focus();
  }

  function pair(name, text) {
    const inputs = [
      h("input", { type: "text", value: name, maxlength: 64, placeholder: "Name", "aria-label": "Name of the field", autocomplete: "off", oninput: changed }),
      h("input", { type: "text", value: text, maxlength: 1000, placeholder: "Text", "aria-label": "Text of the field", dir: "auto", autocomplete: "off", oninput: changed }),
    ];
    inputs[0].addEventListener("input", () => remove.setAttribute("aria-label", labelOf(inputs[0].value)));
    const remove = h("button", { type: "button", class: "quiet round", "aria-label": labelOf(name), title: "Remove", onclick: () => {
      row.remove();
      changed();
      more.focus();
    } }, icon("close"));
    const row = h("li", { class: "pair" }, inputs, remove);
    return row;
  }

  /** Return the two inputs of each pair in which something is typed. */
  function pairs() {
    return [...list.children].map((row) => [...row.querySelectorAll("input")]).filter((inputs) => inputs.some(textOf));
  }

  function changed() {
    more.disabled = list.children.length >= MOST;
    onchange();
  }

  return {
    element,
    value: () => sorted(Object.fromEntries(pairs().map(([name, text]) => [textOf(name), textOf(text)]))),
    set(fields) {
      list.replaceChildren(...Object.entries(fields).map(([name, text]) => pair(name, text)));
      more.disabled = list.children.length >= MOST;
    },
    mistake() {
      const names = new Set();
      for (const [name, text] of pairs()) {
        if (!textOf(name)) return { control: name, text: "Give this field a name." };
        if (!textOf(text)) return { control: text, text: "Write a text, or remove this field." };
        if (names.has(textOf(name))) return { control: name, text: "There is another field with this name." };
        names.add(textOf(name));
      }
      return null;
    },
  };
}

const textOf = (input) => input.value.trim();
const labelOf = (name) => `Remove the field ${name}`.trim();

/** Return the fields in the order of their names, so that equal ones compare as equal. */
export function sorted(fields) {
  return Object.fromEntries(Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1)));
}
