// The form for a picture's metadata. It saves only if the stored version is still the one
// that was edited.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { sendJson, request } from "./api.js";
import { customFields, sorted } from "./custom_fields.js";
import { h, uniqueId } from "./dom.js";
import { tagField } from "./tag_field.js";

const LABELS = { title: "Title", description: "Description", tags: "Tags", alt: "Alternative text", rights: "Rights", custom: "Other fields", visibility: "Visibility" };

/** Return `{element}`, the form for a record with the version `etag`; `onsaved` gets the saved record. */
export function metadataForm(record, etag, onsaved) {
  let base = metadataOf(record);
  const titleId = uniqueId("title");
  const descriptionId = uniqueId("description");
  const troubleId = uniqueId("trouble");
  const title = h("input", { id: titleId, type: "text", value: record.title, maxlength: 200, dir: "auto", autocomplete: "off", oninput: check });
  const description = h("textarea", { id: descriptionId, value: record.description, maxlength: 5000, rows: 3, dir: "auto", oninput: check });
  const tags = tagField({ label: "Tags", tags: record.tags, onchange: check });
  const altId = uniqueId("alt");
  const altHintId = uniqueId("hint");
  const rightsId = uniqueId("rights");
  const alt = h("input", { id: altId, type: "text", maxlength: 500, dir: "auto", autocomplete: "off", "aria-describedby": altHintId, oninput: check });
  const rights = h("input", { id: rightsId, type: "text", inputmode: "url", maxlength: 500, autocomplete: "off", placeholder: "https://creativecommons.org/licenses/by/4.0/", oninput: check });
  const custom = customFields(check);
  const group = uniqueId("visibility");
  const [open, hidden] = ["public", "private"].map((value) => h("input", { type: "radio", name: group, value, onchange: check }));
  const visibility = h(
    "fieldset",
    // A picture without an owner is always public.
    { class: "choices", hidden: !record.owner },
    h("legend", {}, "Visibility"),
    h("label", { class: "check" }, open, "Public"),
    h("label", { class: "check" }, hidden, "Private"),
  );
  const trouble = h("div", { id: troubleId });
  const save = h("button", { type: "submit", class: "primary", disabled: true }, "Save");
  const undo = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => fill(base) }, "Undo changes");
  const element = h(
    "form",
    { class: "stack", "aria-label": "Metadata", onsubmit: submit },
    h("div", { class: "field" }, h("label", { for: titleId }, "Title"), title),
    h("div", { class: "field" }, h("label", { for: descriptionId }, "Description"), description),
    tags.element,
    h("div", { class: "field" }, h("label", { for: altId }, "Alternative text"), alt, h("p", { id: altHintId, class: "hint" }, "What the picture shows, for people who do not see it.")),
    visibility,
    h("details", {}, h("summary", {}, "Rights and other fields"), h("div", { class: "stack" }, h("div", { class: "field" }, h("label", { for: rightsId }, "Rights (address of a licence)"), rights), custom.element)),
    trouble,
    h("div", { class: "row end" }, undo, save),
  );

  function current() {
    return {
      title: title.value.trim(),
      description: description.value.trim(),
      tags: tags.value(),
      alt: alt.value.trim(),
      rights: rights.value.trim(),
      custom: custom.value(),
      visibility: hidden.checked ? "private" : "public",
    };
  }

  function fill(values) {
    title.value = values.title;
    description.value = values.description;
    tags.set(values.tags);
    alt.value = values.alt;
    rights.value = values.rights;
    custom.set(values.custom);
    open.checked = values.visibility === "public";
    hidden.checked = !open.checked;
    check();
  }

  function check() {
    const isChanged = differing(base, current()).length > 0;
    save.disabled = !isChanged;
    undo.hidden = !isChanged;
  }

  async function submit(event) {
    event.preventDefault();
    // Add the tag that is still being typed.
    if (tags.input.value.trim()) tags.input.blur();
    const values = current();
    const changes = Object.fromEntries(differing(base, values).map((name) => [name, values[name]]));
    // A merge patch removes a field that is null.
    if (changes.custom) changes.custom = { ...Object.fromEntries(Object.keys(base.custom).map((name) => [name, null])), ...changes.custom };
    save.disabled = true;
    trouble.replaceChildren();
    try {
      const response = await sendJson(`${servicePath}/images/${record.id}/metadata/`, changes, {
        method: "PATCH",
        headers: { "Content-Type": "application/merge-patch+json", "If-Match": etag },
      });
      accept(await response.json(), response.headers.get("ETag"));
      fill(base);
      toast("Saved");
    } catch (error) {
      save.disabled = false;
      if (error.status === 412) await showNewer(values);
      else trouble.replaceChildren(h("div", { class: "notice bad", role: "alert" }, h("strong", {}, error.title), h("p", {}, error.message)));
    }
  }

  function accept(changed, version) {
    etag = version;
    base = metadataOf(changed);
    onsaved(changed);
  }

  /** Another user has saved first: show their version, and leave the fields as they are. */
  async function showNewer(mine) {
    let theirs;
    try {
      const response = await request(`${servicePath}/images/${record.id}/metadata/`);
      theirs = await response.json();
      accept(theirs, response.headers.get("ETag"));
    } catch (error) {
      trouble.replaceChildren(h("div", { class: "notice bad", role: "alert" }, h("p", {}, error.message)));
      return;
    }
    const names = differing(base, mine);
    const rows = names.map((name) => {
      const take = h(
        "button",
        {
          type: "button",
          onclick: () => {
            fill({ ...current(), [name]: base[name] });
            row.remove();
            say(`${LABELS[name]} replaced`);
            if (!list.children.length) trouble.replaceChildren();
          },
        },
        "Use this",
      );
      const row = h("li", {}, h("div", { class: "grow" }, h("strong", {}, LABELS[name]), h("bdi", { class: "value" }, shown(base[name]))), take);
      return row;
    });
    const list = h("ul", { class: "newer" }, rows);
    const box = h(
      "div",
      { class: "notice warn", role: "alert", tabindex: "-1" },
      h("strong", {}, "Another user has changed this picture"),
      h("p", {}, names.length ? "This is the newer version. Choose the values to use, then save." : "The newer version is the same as yours."),
      list,
    );
    trouble.replaceChildren(box);
    box.focus();
    check();
  }

  fill(base);
  return {
    element,
    /**
     * Go on from a newer version if its fields here are the same. If another user has changed
     * them, the old version stays, so that saving shows both.
     */
    refresh(newer, version) {
      if (differing(base, metadataOf(newer)).length) return;
      etag = version;
    },
  };
}

function metadataOf({ title, description, tags, alt = "", rights = "", custom = {}, visibility }) {
  return { title, description, tags: [...tags], alt, rights, custom: sorted(custom), visibility };
}

function differing(one, other) {
  return Object.keys(LABELS).filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}

function shown(value) {
  if (value && typeof value === "object" && !Array.isArray(value)) return shown(Object.entries(value).map(([name, text]) => `${name}: ${text}`));
  const text = Array.isArray(value) ? value.join(", ") : value;
  return text || "(empty)";
}
