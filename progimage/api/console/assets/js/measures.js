// What is known about a picture on the stage: its measurements, its URL and a command for curl.

import { copyButton } from "./copying.js";
import { h, icon } from "./dom.js";
import { extensionOf } from "./formats.js";
import { bytes, milliseconds, number } from "./wording.js";

/** Return the list of measurements: `[value, label, mark]` of each. */
export function measuresList(items) {
  return items.filter(Boolean).map(([value, label, mark]) => h("li", { class: mark ? `mark ${mark}` : null }, h("strong", {}, value), label && ` ${label}`));
}

/** Return the measurements of an original. */
export const ofOriginal = (record) => [[bytes(record.size_bytes)], [sizeText(record.width, record.height)], [record.media_type.replace("image/", "")]];

/** Return the measurements of a rendition: `took` ms from the request to the last byte. */
export function ofRendition(headers, blob, image, took) {
  const cache = headers.get("X-Cache");
  const stages = [...(headers.get("Server-Timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g)];
  return [
    [bytes(blob.size)],
    image && [sizeText(image.naturalWidth, image.naturalHeight)],
    [blob.type.replace("image/", "")],
    cache && [cache === "hit" ? "from the cache" : "newly rendered", "", cache],
    [milliseconds(took), "total"],
    ...stages.map(([, name, ms]) => [milliseconds(Number(ms)), name]),
  ];
}

const sizeText = (width, height) => `${number(width)} × ${number(height)}`;

/** Return a line with a URL; it can be opened unless that needs a token. */
export function urlLine(label, path, { canOpen }) {
  const url = new URL(path, location.origin).href;
  return h(
    "div",
    { class: "line" },
    h("span", { class: "line-label" }, label),
    h("code", { class: "breaks", tabindex: "0", "aria-label": `${label}: ${path}` }, path),
    copyButton(`Copy ${label}`, () => url),
    canOpen && h("a", { class: "button quiet round", href: url, target: "_blank", rel: "noopener", "aria-label": `Open ${label} in a new tab`, title: "Open" }, icon("open")),
  );
}

/** Resolve to a line with a command that saves what is at `path`, of a media type. */
export async function curlLine(path, mediaType, { needsToken }) {
  const extension = /\.([a-z0-9]+)$/.exec(path)?.[1] ?? (await extensionOf(mediaType)) ?? "img";
  const header = needsToken ? " -H \"Authorization: Bearer $TOKEN\"" : "";
  const command = `curl${header} -o picture.${extension} '${new URL(path, location.origin).href}'`;
  return h(
    "div",
    { class: "line" },
    h("span", { class: "line-label" }, "curl"),
    h("code", { class: "breaks", tabindex: "0", "aria-label": "Command for curl" }, command),
    copyButton("Copy the curl command", () => command),
  );
}
