// The search: a text, tags, a few filters, and the order.

import { transformList } from "./api.js";
import { debounced, h, icon, uniqueId } from "./dom.js";
import { hasMonths } from "./months.js";
import { NEWEST_FIRST, SEARCH } from "./route.js";
import { accountMode } from "./service.js";
import { userName } from "./session.js";
import { squareImage } from "./showing.js";
import { tagField } from "./tag_field.js";

const ORDERS = [
  ["", "Newest upload first"],
  ["created", "Oldest upload first"],
  ["-taken", "Latest date taken first"],
  ["taken", "Earliest date taken first"],
  ["title", "Name, A to Z"],
  ["-title", "Name, Z to A"],
  ["-size", "Largest file first"],
  ["size", "Smallest file first"],
];

/**
 * Return `{element, show(search)}`.
 *
 * `onsearch` gets the new search, as URLSearchParams, and whether it is still being typed.
 */
export function searchBar(onsearch) {
  const text = h("input", {
    type: "search",
    id: uniqueId("q"),
    placeholder: "Search titles, descriptions, files and tags",
    dir: "auto",
    autocomplete: "off",
    maxlength: 200,
    "aria-label": "Search",
    oninput: debounced(() => changed(true), 250),
  });
  const tags = tagField({ label: "Tags", placeholder: "Any tag", onchange: () => changed() });
  const kind = picker("Type", [["", "Any type"]]);
  const visibility = picker("Visibility", [["", "Any"], ["public", "Public"], ["private", "Private"]]);
  visibility.element.hidden = accountMode() === "off";
  const mine = h("input", { type: "checkbox", onchange: () => changed() });
  const mineField = h("label", { class: "check", hidden: true }, mine, "Only mine");
  const order = picker("Sort by", ORDERS);
  const months = h("input", { type: "checkbox", onchange: () => changed() });
  const filters = h(
    "div",
    { class: "filters", id: uniqueId("filters") },
    tags.element,
    kind.element,
    visibility.element,
    order.element,
    h("label", { class: "check" }, months, "By month"),
    mineField,
  );
  // On narrow screens only; the style sheet shows it.
  const fold = h("button", { type: "button", class: "quiet fold", "aria-expanded": "false", "aria-controls": filters.id, onclick: () => unfold(filters.classList.contains("folded")) });
  let near = "";
  const likeness = h("p", { class: "likeness", hidden: true });
  const element = h(
    "form",
    {
      class: "search",
      role: "search",
      "aria-label": "Pictures",
      onsubmit: (event) => {
        event.preventDefault();
        changed();
      },
    },
    h("div", { class: "row" }, h("div", { class: "search-line grow" }, icon("search"), text), fold),
    likeness,
    filters,
  );

  function unfold(isOpen) {
    filters.classList.toggle("folded", !isOpen);
    fold.setAttribute("aria-expanded", String(isOpen));
  }
  unfold(false);

  /** Show in the button how many filters there are behind it. */
  function countFilters() {
    const active = [...tags.value(), kind.select.value, visibility.select.value, order.select.value, months.checked, mine.checked].filter(Boolean).length;
    fold.replaceChildren(icon("filter"), h("span", {}, active ? `Filters (${active})` : "Filters"));
    months.disabled = !hasMonths(order.select.value || NEWEST_FIRST);
  }

  function showLikeness(id) {
    near = id;
    likeness.hidden = !id;
    const drop = h("button", { type: "button", class: "quiet", onclick: () => (showLikeness(""), changed()) }, icon("close"), "Show all pictures");
    likeness.replaceChildren(...(id ? [squareImage(id, 44), h("span", { class: "grow" }, "Pictures that look like this one"), drop] : []));
  }

  function setKind(value) {
    if (value && ![...kind.select.options].some((option) => option.value === value)) {
      kind.select.append(h("option", { value }, value));
    }
    kind.select.value = value;
  }

  transformList()
    .then(({ formats }) => {
      const chosen = kind.select.value;
      kind.select.replaceChildren(
        kind.select.options[0],
        ...formats.map(({ name, media_type: type }) => h("option", { value: type }, LABELS[name] ?? name.toUpperCase())),
      );
      setKind(chosen);
    })
    .catch(() => {
      // The filter stays at "any"; the rest of the search works without it.
    });

  function picker(label, options) {
    const id = uniqueId("filter");
    const select = h(
      "select",
      { id, onchange: () => changed() },
      options.map(([value, name]) => h("option", { value }, name)),
    );
    return { select, element: h("div", { class: "field" }, h("label", { for: id }, label), select) };
  }

  function changed(isTyping = false) {
    const search = new URLSearchParams();
    const values = {
      q: [text.value],
      tags_all: tags.value(),
      media_type: [kind.select.value],
      visibility: [visibility.select.value],
      owner: mine.checked ? ["me"] : [],
      near: [near],
      sort: [order.select.value],
      group: [months.checked && hasMonths(order.select.value || NEWEST_FIRST) ? "month" : ""],
    };
    for (const name of SEARCH) {
      for (const value of values[name]) if (value.trim()) search.append(name, value.trim());
    }
    countFilters();
    onsearch(search, isTyping);
  }

  return {
    element,
    focus() {
      text.focus();
      text.select();
    },
    show(search) {
      if (document.activeElement !== text) text.value = search.get("q") ?? "";
      tags.set(search.getAll("tags_all"));
      setKind(search.get("media_type") ?? "");
      visibility.select.value = search.get("visibility") ?? "";
      mine.checked = search.get("owner") === "me";
      mineField.hidden = userName() === null;
      order.select.value = search.get("sort") ?? "";
      months.checked = search.get("group") === "month";
      if (near !== (search.get("near") ?? "")) showLikeness(search.get("near") ?? "");
      countFilters();
    },
  };
}

const LABELS = { jpeg: "JPEG", png: "PNG", webp: "WebP", gif: "GIF", avif: "AVIF", tiff: "TIFF", jpeg2000: "JPEG 2000" };
