// The operations to choose from, in the groups and under the names that the service declares.

import { h, uniqueId } from "./dom.js";

/** Return `{element, focus()}` of a list of operations with a filter; `onchoose` gets the chosen one. */
export function operationList(operations, onchoose) {
  const filter = h("input", {
    type: "search",
    placeholder: "Find an operation",
    "aria-label": "Find an operation",
    autocomplete: "off",
    oninput: () => narrow(filter.value),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      buttons.find((button) => !button.hidden)?.click();
    },
  });
  const groups = [...new Set(operations.map(({ group }) => group))].map((title) => groupOf(title, operations.filter(({ group }) => group === title), onchoose));
  const buttons = groups.flatMap((group) => [...group.querySelectorAll("button")]);
  const none = h("p", { class: "faint", hidden: true }, "No operation has this name.");

  function narrow(text) {
    const wanted = text.trim().toLowerCase();
    for (const button of buttons) button.hidden = !button.dataset.words.includes(wanted);
    for (const group of groups) group.hidden = !group.querySelector("button:not([hidden])");
    none.hidden = buttons.some((button) => !button.hidden);
  }

  const element = h("div", { class: "adder stack", role: "group", "aria-label": "Add a step" }, filter, groups, none);
  return { element, focus: () => filter.focus() };
}

function groupOf(title, operations, onchoose) {
  const id = uniqueId("group");
  const pills = operations.map((operation) =>
    h("button", { type: "button", class: "pill", title: operation.summary, "aria-label": `Add ${operation.label}`, dataset: { words: wordsOf(operation) }, onclick: () => onchoose(operation) }, operation.label),
  );
  return h("div", { class: "operations", role: "group", "aria-labelledby": id }, h("h3", { id, class: "label" }, title), h("div", { class: "pills" }, pills));
}

const wordsOf = ({ name, label, aliases, summary }) => [name, label, ...aliases, summary].join(" ").toLowerCase();
