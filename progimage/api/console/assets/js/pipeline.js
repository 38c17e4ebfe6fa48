// Converts pipelines between steps with arguments and the text in a path.

import { servicePath } from "./service_path.js";

const PLAIN = /^[A-Za-z0-9_-]+$/;

/** Return one argument in the service's syntax; `schema` is its JSON Schema. */
function written(value, schema) {
  const text = String(value).trim();
  if (schema.format === "color") return text.replace(/^#/, "");
  const isFreeText = schema.type === "string" && !schema.enum && !schema.anyOf && !schema.pattern;
  return isFreeText && !PLAIN.test(text) ? `~${base64url(text)}` : text;
}

/** Return the text of a step; `properties` are the schemas of its operation's arguments. */
export function stepText({ name, values }, properties) {
  const given = Object.entries(values).filter(([, value]) => String(value).trim() !== "");
  const texts = given.map(([key, value]) => `${key}=${encodeURIComponent(written(value, properties[key] ?? {}))}`);
  return texts.length ? `${name}:${texts.join(",")}` : name;
}

/** Return the path of the rendition of a picture by `steps`; `format` is an extension, "auto" or "". */
export function pathOf(id, steps, format) {
  const suffix = format ? `.${format}` : "";
  return steps.length ? `${servicePath}/images/${id}/${steps.join("/")}${suffix}` : `${servicePath}/images/${id}${suffix || "/"}`;
}

/**
 * Parse the text of a pipeline, written by this page or by hand, into `{steps, format}`.
 *
 * Parts that cannot be parsed are left out.
 */
export function parse(text, operations, extensions) {
  let rest = text;
  let format = "";
  const dot = rest.lastIndexOf(".");
  if (dot >= 0 && extensions.includes(rest.slice(dot + 1))) {
    format = rest.slice(dot + 1);
    rest = rest.slice(0, dot);
  }
  const known = new Map(operations.flatMap((operation) => [operation.name, ...operation.aliases].map((name) => [name, operation])));
  const steps = [];
  for (const piece of rest.split("/").filter(Boolean)) {
    const [name, ...tail] = piece.split(":");
    const operation = known.get(name);
    if (!operation) continue;
    steps.push({ name: operation.name, values: argumentsOf(tail.join(":"), operation) });
  }
  return { steps, format };
}

function argumentsOf(text, { arguments: schema, positional }) {
  const values = {};
  const free = [...positional];
  const names = new Map();
  for (const [name, property] of Object.entries(schema.properties)) {
    for (const spelling of [name, ...(property["x-aliases"] ?? [])]) names.set(spelling, name);
  }
  for (const argument of text.split(",").filter(Boolean)) {
    const equals = argument.indexOf("=");
    const box = equals < 0 && free.includes("width") && /^(\d*)x(\d*)$/.exec(argument);
    if (box) {
      if (box[1]) values.width = box[1];
      if (box[2]) values.height = box[2];
      free.splice(free.indexOf("width"), 2);
      continue;
    }
    const key = names.get(equals < 0 ? free.shift() : argument.slice(0, equals));
    if (!key) continue;
    const value = decoded(argument.slice(equals + 1));
    values[key] = value.startsWith("~") ? fromBase64url(value.slice(1)) : value;
  }
  return values;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function base64url(text) {
  const binary = String.fromCharCode(...new TextEncoder().encode(text.normalize("NFC")));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64url(text) {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch {
    return text;
  }
}
