// The search: a text, tags and a few filters.

import { transformList } from "./api.js";
import { debounced, h, icon, uniqueId } from "./dom.js";
import { CONDITIONS } from "./route.js";
import { accountMode } from "./service.js";
import { userName } from "./session.js";
import { tagField } from "./tag_field.js";

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
  const filters = h("div", { class: "filters" }, tags.element, kind.element, visibility.element, mineField);
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
    h("div", { class: "search-line" }, icon("search"), text),
    filters,
  );

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
    };
    for (const name of CONDITIONS) {
      for (const value of values[name]) if (value.trim()) search.append(name, value.trim());
    }
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
    },
  };
}

const LABELS = { jpeg: "JPEG", png: "PNG", webp: "WebP", gif: "GIF", avif: "AVIF", tiff: "TIFF", jpeg2000: "JPEG 2000" };
