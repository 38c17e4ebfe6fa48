// A field for tags: chosen tags are chips, and typed text is completed from existing tags.
// An ARIA combobox with a list, as WAI-ARIA Authoring Practices describe it.

import { servicePath } from "./service_path.js";
import { say } from "./announce.js";
import { json } from "./api.js";
import { debounced, h, icon, uniqueId } from "./dom.js";
import { count } from "./wording.js";

const MOST_SHOWN = 8;

/**
 * Return `{element, input, value(), set(tags)}` of a field labelled `label`.
 *
 * `onchange` is called with the tags after each change.
 */
export function tagField({ label, tags = [], onchange = () => {}, placeholder = "Add a tag" }) {
  let chosen = [...tags];
  let options = [];
  let active = -1;
  let requests = 0;
  const listId = uniqueId("tags");
  const inputId = uniqueId("tag");

  const chips = h("ul", { class: "chips", "aria-label": `${label}, chosen` });
  const list = h("ul", { id: listId, class: "options", role: "listbox", "aria-label": `${label}, known`, hidden: true });
  const input = h("input", {
    id: inputId,
    type: "text",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    dir: "auto",
    maxlength: 100,
    placeholder,
    oninput: () => {
      narrow();
      completeSoon();
    },
    onkeydown: onKey,
    onfocus: () => complete(),
    onblur: () => {
      close();
      if (input.value.trim()) add(input.value);
    },
  });
  const box = h("div", { class: "tag-box", onclick: () => input.focus() }, chips, input);
  const element = h("div", { class: "field tag-field" }, h("label", { for: inputId }, label), box, list);

  function show() {
    chips.replaceChildren(
      ...chosen.map((tag) =>
        h(
          "li",
          { class: "chip" },
          h("bdi", {}, tag),
          h(
            "button",
            {
              type: "button",
              "aria-label": `Remove tag ${tag}`,
              onclick: (event) => {
                event.stopPropagation();
                remove(tag);
                input.focus();
              },
            },
            icon("close"),
          ),
        ),
      ),
    );
    chips.hidden = chosen.length === 0;
    input.placeholder = chosen.length ? "" : placeholder;
  }

  function add(text) {
    const added = text
      .split(",")
      .map((tag) => tag.trim().normalize("NFC"))
      .filter((tag) => tag && !chosen.some((known) => folded(known) === folded(tag)));
    input.value = "";
    close();
    if (!added.length) return;
    chosen = [...chosen, ...added];
    show();
    say(`Tag ${added.join(", ")} added`);
    onchange(chosen);
  }

  function remove(tag) {
    chosen = chosen.filter((other) => other !== tag);
    show();
    say(`Tag ${tag} removed`);
    onchange(chosen);
  }

  const prefixOf = () => input.value.split(",").at(-1).trim();
  const completeSoon = debounced(() => complete(), 120);

  /** Remove options that no longer match at once; new ones come from the service. */
  function narrow() {
    options = fitting(options);
    showOptions();
  }

  function fitting(known) {
    const prefix = folded(prefixOf());
    return known.filter(({ tag }) => folded(tag).startsWith(prefix));
  }

  async function complete() {
    requests += 1;
    const mine = requests;
    const prefix = prefixOf();
    const query = new URLSearchParams({ limit: MOST_SHOWN + chosen.length, ...(prefix ? { prefix } : {}) });
    try {
      const page = await json(`${servicePath}/tags/?${query}`);
      if (mine !== requests || document.activeElement !== input) return;
      const taken = new Set(chosen.map(folded));
      const free = page.data.filter(({ tag }) => !taken.has(folded(tag)));
      // The user may have typed more since the request was sent.
      options = (prefixOf() === prefix ? free : fitting(free)).slice(0, MOST_SHOWN);
      showOptions();
    } catch {
      // The field also works without completion.
      if (mine === requests && prefixOf() === prefix) close();
    }
  }

  function showOptions() {
    const marked = active >= 0 ? list.children[active]?.dataset.tag : null;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(
      ...options.map(({ tag, count: pictures, count_is_exact: exact }, at) =>
        h(
          "li",
          {
            id: `${listId}-${at}`,
            role: "option",
            dataset: { tag },
            "aria-selected": "false",
            // Not onclick: by then the field has lost the focus and the list is closed.
            onmousedown: (event) => {
              event.preventDefault();
              add(tag);
            },
          },
          h("bdi", {}, tag),
          h("span", { class: "faint" }, `${count(pictures, "picture")}${exact ? "" : " or more"}`),
        ),
      ),
    );
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    const again = options.findIndex(({ tag }) => tag === marked);
    if (again >= 0) mark(again);
  }

  function close() {
    completeSoon.cancel();
    requests += 1;
    options = [];
    active = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    if (!options.length) return;
    if (active >= 0) list.children[active].setAttribute("aria-selected", "false");
    mark((active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length);
  }

  function mark(at) {
    active = at;
    const option = list.children[active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function onKey(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) complete();
      else move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && (active >= 0 || input.value.trim())) {
      event.preventDefault();
      add(active >= 0 ? options[active].tag : input.value);
    } else if (event.key === "," && input.value.trim()) {
      event.preventDefault();
      add(input.value);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && !input.value && chosen.length) {
      remove(chosen.at(-1));
    }
  }

  show();
  return {
    element,
    input,
    value: () => [...chosen],
    set(value) {
      chosen = [...value];
      show();
    },
  };
}

function folded(tag) {
  return tag.normalize("NFKC").toLowerCase();
}
