// Fields of a record that people name themselves: pairs of a name and a text.

import { h, icon } from "./dom.js";

const MOST = 50;

/** Return `{element, value(), set(fields)}`; `onchange` is called after each change. */
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
    const remove = h("button", { type: "button", class: "quiet round", "aria-label": `Remove the field ${name}`.trim(), title: "Remove", onclick: () => {
      row.remove();
      changed();
      more.focus();
    } }, icon("close"));
    const row = h("li", { class: "pair" }, inputs, remove);
    return row;
  }

  function changed() {
    more.disabled = list.children.length >= MOST;
    onchange();
  }

  return {
    element,
    value() {
      const pairs = [...list.children].map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()));
      return sorted(Object.fromEntries(pairs.filter(([name, text]) => name && text)));
    },
    set(fields) {
      list.replaceChildren(...Object.entries(fields).map(([name, text]) => pair(name, text)));
      more.disabled = list.children.length >= MOST;
    },
  };
}

/** Return the fields in the order of their names, so that equal ones compare as equal. */
export function sorted(fields) {
  return Object.fromEntries(Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1)));
}
