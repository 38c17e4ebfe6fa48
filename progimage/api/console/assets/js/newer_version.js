// The message that another user has saved a record first, with the values of both to choose from.

import { say } from "./announce.js";
import { h } from "./dom.js";

/** Return the message; `rows` are the label, the newer value and what uses it, of each field. */
export function newerVersion(rows) {
  const list = h("ul", { class: "newer" }, rows.map(([label, value, use]) => rowOf(label, value, use)));
  const element = h(
    "div",
    { class: "notice warn", role: "alert", tabindex: "-1" },
    h("strong", {}, "Another user has changed this picture"),
    h("p", {}, "These are the newer values. Choose those to use, then save."),
    list,
  );

  function rowOf(label, value, use) {
    const choose = h("button", { type: "button", "aria-label": `Use this for ${label}`, onclick: () => {
      use();
      row.remove();
      say(`${label} replaced`);
      if (list.children.length) list.querySelector("button").focus();
      else element.remove();
    } }, "Use this");
    const row = h("li", {}, h("div", { class: "grow" }, h("strong", {}, label), h("bdi", { class: "value" }, shown(value))), choose);
    return row;
  }

  return element;
}

function shown(value) {
  if (value && typeof value === "object" && !Array.isArray(value)) return shown(Object.entries(value).map(([name, text]) => `${name}: ${text}`));
  const text = Array.isArray(value) ? value.join(", ") : value;
  return text || "(empty)";
}
