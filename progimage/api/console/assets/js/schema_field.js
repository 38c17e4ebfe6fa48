// Form fields for the arguments of operations, from their JSON Schema.

import { h, icon, uniqueId } from "./dom.js";
import { choosePicture } from "./picture_picker.js";
import { squareImage } from "./showing.js";
import { nameOf } from "./wording.js";

/**
 * Return the field as an element; `onchange` gets the text, "" for the default.
 *
 * `oninstead` gets the names of other arguments, which do not go with a picture that was chosen.
 */
export function schemaField(name, schema, value, isRequired, onchange, oninstead = () => {}) {
  const id = uniqueId("argument");
  const hintId = uniqueId("hint");
  const about = schema.description ?? "";
  const shared = {
    id,
    name,
    value: value ?? "",
    "aria-describedby": about ? hintId : null,
    required: isRequired || null,
    oninput: (event) => onchange(event.target.value),
    autocomplete: "off",
  };
  const control = controlOf(schema, shared, { onchange, oninstead, isRequired });
  const label = h("label", { for: id }, name.replaceAll("_", " "), isRequired && h("span", { class: "faint" }, " (required)"));
  const hint = about && h("p", { id: hintId, class: "hint" }, about);
  return h("div", { class: `field argument ${schema.type}` }, label, control, hint);
}

function controlOf(schema, shared, { onchange, oninstead, isRequired }) {
  if (schema.type === "boolean") return choiceOf(["true", "false"], schema, shared, isRequired);
  if (schema.enum) return choiceOf(schema.enum, schema, shared, isRequired);
  if (schema.type === "integer" || schema.type === "number") return numberOf(schema, shared, onchange);
  if (schema.format === "color") return colourOf(schema, shared, onchange);
  if (schema.format === "picture-id") return pictureOf(schema, shared, (id) => {
    oninstead(schema["x-instead-of"]);
    onchange(id);
  });
  const names = schema.anyOf?.find((option) => option.enum)?.enum;
  return names ? suggestedOf(names, schema, shared) : textOf(schema, shared);
}

function choiceOf(options, schema, shared, isRequired) {
  const select = h(
    "select",
    { ...shared, value: null, oninput: null, onchange: shared.oninput },
    !isRequired && h("option", { value: "" }, schema.default === undefined ? "–" : `${schema.default} (default)`),
    options.filter((option) => isRequired || option !== String(schema.default)).map((option) => h("option", { value: option }, option)),
  );
  select.value = shared.value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
  return select;
}

function numberOf(schema, shared, onchange) {
  const { minimum, maximum } = schema;
  const step = schema.type === "integer" ? 1 : "any";
  const field = h("input", { ...shared, type: "number", inputmode: "decimal", min: minimum, max: maximum, step, placeholder: schema.default ?? "" });
  // A slider only if it has few enough steps to choose one exactly.
  if (maximum - minimum > 720) return field;
  const slider = h("input", {
    type: "range",
    min: minimum,
    max: maximum,
    step: schema.type === "integer" ? 1 : maximum - minimum <= 20 ? 0.05 : 1,
    value: shared.value === "" ? (schema.default ?? (minimum + maximum) / 2) : shared.value,
    "aria-label": `${shared.name}, slider`,
    tabindex: "-1",
    oninput: () => {
      field.value = slider.value;
      onchange(field.value);
    },
  });
  field.addEventListener("input", () => {
    if (field.value !== "") slider.value = field.value;
  });
  return h("div", { class: "pair" }, slider, field);
}

function colourOf(schema, shared, onchange) {
  const field = h("input", { ...shared, type: "text", spellcheck: "false", placeholder: schema.default ?? "name or hex" });
  const well = h("input", {
    type: "color",
    "aria-label": `${shared.name}, chooser`,
    value: hexOf(shared.value || schema.default || ""),
    oninput: () => {
      field.value = well.value.slice(1);
      onchange(field.value);
    },
  });
  field.addEventListener("input", () => {
    well.value = hexOf(field.value);
  });
  return h("div", { class: "pair" }, well, field);
}

/** Return `#rrggbb` of a CSS colour name or hex digits, black if it is neither. */
function hexOf(text) {
  const plain = text.trim();
  const style = new Option().style;
  style.color = /^[0-9a-f]{3,8}$/i.test(plain) ? `#${plain}` : plain;
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = style.color || "#000";
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? context.fillStyle : "#000000";
}

function suggestedOf(names, schema, shared) {
  const listId = uniqueId("names");
  return [
    h("input", { ...shared, type: "text", list: listId, spellcheck: "false", placeholder: schema.default ?? "" }),
    h("datalist", { id: listId }, names.map((name) => h("option", { value: name }))),
  ];
}

function textOf(schema, shared) {
  return h("input", { ...shared, type: "text", dir: "auto", maxlength: schema.maxLength ?? null, pattern: schema.pattern ?? null, spellcheck: "false", placeholder: schema.default ?? "" });
}

/** A field for the id of a picture, which is chosen by its looks or typed; `onchoose` gets a chosen id. */
function pictureOf(schema, shared, onchoose) {
  const field = textOf(schema, shared);
  const preview = h("span", { class: "picture-preview" });
  const show = () => preview.replaceChildren(...(field.validity.valid && field.value ? [squareImage(field.value, 44, "contain")] : []));
  const choose = h("button", { type: "button", onclick: open }, icon("picture"), h("span", {}, "Choose a picture"));
  field.addEventListener("input", show);
  show();

  function open() {
    choosePicture((record) => {
      field.value = record.id;
      show();
      preview.firstElementChild?.setAttribute("alt", nameOf(record));
      onchoose(record.id);
    });
  }

  return [h("div", { class: "pair" }, preview, choose), field];
}
