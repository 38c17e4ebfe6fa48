// The form for a picture's metadata. It saves only if the stored version is still the one
// that was edited.

import { servicePath } from "./service_path.js";
import { toast } from "./announce.js";
import { request } from "./api.js";
import { customFields, sorted } from "./custom_fields.js";
import { h, uniqueId } from "./dom.js";
import { draftOf, noteDraft } from "./drafts.js";
import { clearFieldErrors, fieldOf, showFieldError } from "./field_error.js";
import { newerVersion } from "./newer_version.js";
import { errorState } from "./notice.js";
import { tagField } from "./tag_field.js";

const LABELS = { title: "Title", description: "Description", tags: "Tags", alt: "Alternative text", rights: "Rights", custom: "Other fields", visibility: "Visibility" };

/**
 * Return `{element, refresh}`, the form for a record with the version `etag`.
 *
 * `edit` sends changes, as `recordEdits` returns it; `onsaved` gets the saved record.
 */
export function metadataForm(record, etag, edit, onsaved) {
  let base = metadataOf(record);
  const title = h("input", { id: uniqueId("title"), type: "text", maxlength: 200, dir: "auto", autocomplete: "off", oninput: check });
  const description = h("textarea", { id: uniqueId("description"), maxlength: 5000, rows: 3, dir: "auto", oninput: check });
  const tags = tagField({ label: "Tags", onchange: check });
  const altHintId = uniqueId("hint");
  const alt = h("input", { id: uniqueId("alt"), type: "text", maxlength: 500, dir: "auto", autocomplete: "off", "aria-describedby": altHintId, oninput: check });
  const rights = h("input", { id: uniqueId("rights"), type: "text", inputmode: "url", maxlength: 500, autocomplete: "off", placeholder: "https://creativecommons.org/licenses/by/4.0/", oninput: check });
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
  const controls = {
    title: textOf(title),
    description: textOf(description),
    tags: { control: tags.input, value: tags.value, set: tags.set },
    alt: textOf(alt),
    rights: textOf(rights),
    custom: { control: custom.element.querySelector("button"), value: custom.value, set: custom.set },
    visibility: {
      control: open,
      value: () => (hidden.checked ? "private" : "public"),
      set: (value) => {
        open.checked = value === "public";
        hidden.checked = !open.checked;
      },
    },
  };
  const trouble = h("div", {});
  const save = h("button", { type: "submit", class: "primary", disabled: true }, "Save");
  const undo = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => fill(base) }, "Undo changes");
  const more = h("details", {}, h("summary", {}, "Rights and other fields"), h("div", { class: "stack" }, field("Rights (address of a licence)", rights), custom.element));
  const element = h(
    "form",
    { class: "stack", "aria-label": "Metadata", novalidate: true, onsubmit: submit },
    field("Title", title),
    field("Description", description),
    tags.element,
    field("Alternative text", alt, h("p", { id: altHintId, class: "hint" }, "What the picture shows, for people who do not see it.")),
    visibility,
    more,
    trouble,
    h("div", { class: "row end" }, undo, save),
  );

  function current() {
    return Object.fromEntries(Object.entries(controls).map(([name, { value }]) => [name, value()]));
  }

  /** Set the fields that have other values: a field that is set loses the cursor. */
  function fill(values) {
    for (const name of differing(current(), values)) controls[name].set(values[name]);
    clearFieldErrors(element);
    check();
  }

  function check() {
    const values = current();
    const isChanged = differing(base, values).length > 0;
    save.disabled = !isChanged;
    undo.hidden = !isChanged;
    noteDraft(record.id, isChanged ? { base, etag, values } : null);
  }

  async function submit(event) {
    event.preventDefault();
    // Add the tag that is still being typed.
    if (tags.input.value.trim()) tags.input.blur();
    clearFieldErrors(element);
    trouble.replaceChildren();
    const wrong = custom.mistake();
    if (wrong) {
      showFieldError(wrong.control, wrong.text, { isFocused: true });
      return;
    }
    const sent = current();
    save.disabled = true;
    try {
      const [saved, version] = await edit(() => changesOf(base, sent), () => etag);
      // What was typed in the meantime stays.
      base = sent;
      goOn(metadataOf(saved), version);
      onsaved(saved);
      toast("Saved");
    } catch (error) {
      save.disabled = false;
      if (error.status === 412) await meetNewer();
      else showTrouble(error);
    }
  }

  function showTrouble(error) {
    const found = fieldOf(error);
    const control = controls[found?.names[0]]?.control;
    if (control) showFieldError(control, found.text, { isFocused: true });
    else trouble.replaceChildren(errorState(error));
  }

  /** Return the fields that were changed here and, in another way, in a newer version. */
  function conflicts(newer) {
    const values = current();
    const theirs = differing(base, newer);
    return differing(base, values).filter((name) => theirs.includes(name) && differing(newer, values).includes(name));
  }

  /** Go on from a newer version, with what was changed here. */
  function goOn(newer, version) {
    const values = current();
    const mine = Object.fromEntries(differing(base, values).map((name) => [name, values[name]]));
    [base, etag] = [newer, version];
    fill({ ...base, ...mine });
  }

  /** Another user has saved first: save on top of it, or let people choose what both changed. */
  async function meetNewer() {
    let response, theirs;
    try {
      response = await request(`${servicePath}/images/${record.id}/metadata/`);
      theirs = await response.json();
    } catch (error) {
      trouble.replaceChildren(errorState(error));
      return;
    }
    const newer = metadataOf(theirs);
    const both = conflicts(newer);
    goOn(newer, response.headers.get("ETag"));
    onsaved(theirs);
    if (!both.length) {
      element.requestSubmit();
      return;
    }
    const box = newerVersion(both.map((name) => [LABELS[name], base[name], () => fill({ ...current(), [name]: base[name] })]));
    trouble.replaceChildren(box);
    box.focus();
  }

  const draft = draftOf(record.id);
  const fresh = [base, etag];
  if (draft) {
    ({ base, etag } = draft);
    fill(draft.values);
    if (!conflicts(fresh[0]).length) goOn(...fresh);
    more.open = differing(base, current()).some((name) => ["rights", "custom"].includes(name));
  } else {
    fill(base);
  }
  return {
    element,
    /** Go on from a newer version, unless saving has to show what another user has changed. */
    refresh(newer, version) {
      if (!conflicts(metadataOf(newer)).length) goOn(metadataOf(newer), version);
    },
  };
}

function field(label, control, hint = null) {
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint);
}

function textOf(control) {
  return {
    control,
    value: () => control.value.trim(),
    set: (value) => {
      control.value = value;
    },
  };
}

function metadataOf({ title, description, tags, alt = "", rights = "", custom = {}, visibility }) {
  return { title, description, tags: [...tags], alt, rights, custom: sorted(custom), visibility };
}

function changesOf(base, values) {
  const changes = Object.fromEntries(differing(base, values).map((name) => [name, values[name]]));
  // A merge patch removes a field that is null.
  if (changes.custom) changes.custom = { ...Object.fromEntries(Object.keys(base.custom).map((name) => [name, null])), ...changes.custom };
  return changes;
}

function differing(one, other) {
  return Object.keys(LABELS).filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}
