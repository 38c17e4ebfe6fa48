// The large view of a picture, with size and timing.

import { servicePath } from "./service_path.js";
import { request } from "./api.js";
import { copyButton } from "./copying.js";
import { h, icon } from "./dom.js";
import { errorState } from "./notice.js";
import { Unreachable } from "./problem.js";
import { forScreen, needsToken, placeholder, showBlob } from "./showing.js";
import { bytes, milliseconds, nameOf, number } from "./wording.js";

/** Return the stage for a record: `showOriginal()`, `showRendition(path, signal)`, `isEmpty()`, `replace(record)`. */
export function stage(record) {
  const frame = h("div", { class: "frame" });
  const trouble = h("div", { class: "stack" });
  const facts = h("ul", { class: "measures", "aria-label": "Measurements" });
  const lines = h("div", { class: "lines" });
  const element = h("div", { class: "stage" }, frame, trouble, facts, lines);
  let current = null;
  let saved = null;

  function clear() {
    if (saved) URL.revokeObjectURL(saved);
    saved = null;
    trouble.replaceChildren();
    facts.replaceChildren();
    lines.replaceChildren();
    frame.classList.remove("loading");
  }

  /** Show the picture without a transform, in a format that every browser can show. */
  function showOriginal() {
    current = null;
    clear();
    const canvas = placeholder(record);
    const image = h("img", { alt: nameOf(record), width: record.width, height: record.height, decoding: "async" });
    image.addEventListener("load", () => image.classList.add("there"), { once: true });
    image.addEventListener("error", () => trouble.replaceChildren(errorState(new Error("The picture could not be shown."), showOriginal)), { once: true });
    frame.replaceChildren(sized(record.width, record.height, canvas, image));
    if (needsToken(record)) {
      request(forScreen(record), { headers: { Accept: "image/*" } })
        .then((response) => response.blob())
        .then((blob) => showBlob(image, blob))
        .catch((error) => trouble.replaceChildren(errorState(error, showOriginal)));
    } else {
      image.src = forScreen(record);
    }
    lines.replaceChildren(urlLine("Original", `${servicePath}/images/${record.id}/`));
  }

  /**
   * Fetch the rendition at `path` and show it, with the measurements from the headers.
   *
   * Rejects with the errors of `request`; then the last picture stays.
   */
  async function showRendition(path, signal) {
    frame.classList.add("loading");
    const mine = Symbol(path);
    current = mine;
    try {
      const began = performance.now();
      const response = await request(path, { headers: { Accept: "image/avif,image/webp,image/png,image/jpeg,image/*" }, signal });
      const blob = await response.blob();
      const took = performance.now() - began;
      if (current !== mine) return;
      clear();
      const image = await shown(blob, nameOf(record));
      if (current !== mine) return;
      frame.replaceChildren(image ? sized(image.naturalWidth, image.naturalHeight, image) : unshowable(path, blob));
      facts.replaceChildren(...measured(response.headers, blob, image, took));
      const canonical = /<([^>]+)>/.exec(response.headers.get("Link") ?? "")?.[1] ?? path;
      lines.replaceChildren(urlLine("URL", canonical), curlLine(canonical, blob.type));
    } catch (error) {
      if (error instanceof Unreachable && current === mine) {
        // It may be a redirect to an origin whose pictures pages can show, but not read.
        frame.replaceChildren(h("img", { src: path, alt: nameOf(record) }));
      }
      throw error;
    } finally {
      if (current === mine) frame.classList.remove("loading");
    }
  }

  function unshowable(path, blob) {
    // From the loaded bytes, since a link would send no token.
    saved = URL.createObjectURL(blob);
    const save = h("a", { class: "button", href: saved, download: path.split("/").at(-1) }, icon("download"), "Save it");
    return h("div", { class: "empty" }, h("p", {}, `Browsers do not show ${blob.type || "this format"}.`), save);
  }

  function urlLine(label, path) {
    const url = new URL(path, location.origin).href;
    return h(
      "div",
      { class: "line" },
      h("span", { class: "line-label" }, label),
      h("code", { class: "breaks", tabindex: "0", "aria-label": `${label}: ${path}` }, path),
      copyButton(`Copy ${label}`, () => url),
      !needsToken(record) && h("a", { class: "button quiet round", href: url, target: "_blank", rel: "noopener", "aria-label": `Open ${label} in a new tab`, title: "Open" }, icon("open")),
    );
  }

  function curlLine(path, type) {
    const extension = /\.([a-z0-9]+)$/.exec(path)?.[1] ?? EXTENSIONS[type] ?? "img";
    const header = needsToken(record) ? " -H \"Authorization: Bearer $TOKEN\"" : "";
    const command = `curl${header} -o picture.${extension} '${new URL(path, location.origin).href}'`;
    return h(
      "div",
      { class: "line" },
      h("span", { class: "line-label" }, "curl"),
      h("code", { class: "breaks", tabindex: "0", "aria-label": "Command for curl" }, command),
      copyButton("Copy the curl command", () => command),
    );
  }

  return {
    element,
    showOriginal,
    showRendition,
    isEmpty: () => !frame.hasChildNodes(),
    /** Return the element that has the size of the picture on the page. */
    surface: () => frame.querySelector(".sized"),
    replace(changed) {
      record = changed;
      if (current === null) frame.querySelector("img")?.setAttribute("alt", nameOf(record));
    },
  };
}

const EXTENSIONS = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "image/avif": "avif" };

/** Return a container that has its final size before its picture has loaded. */
function sized(width, height, ...children) {
  return h("div", { class: "sized", style: { "--width": `${width}px`, "--ratio": String(width / height), aspectRatio: `${width} / ${height}` } }, children);
}

async function shown(blob, alt) {
  const image = h("img", { alt, class: "there" });
  showBlob(image, blob);
  try {
    await image.decode();
    return image;
  } catch {
    // For example TIFF: a valid picture that this browser cannot decode.
    return null;
  }
}

function measured(headers, blob, image, took) {
  const cache = headers.get("X-Cache");
  const stages = [...(headers.get("Server-Timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g)];
  const items = [
    [bytes(blob.size), ""],
    image && [`${number(image.naturalWidth)} × ${number(image.naturalHeight)}`, ""],
    [blob.type.replace("image/", ""), ""],
    [milliseconds(took), "total"],
    ...stages.map(([, name, ms]) => [milliseconds(Number(ms)), name]),
    cache && [cache === "hit" ? "from the cache" : "newly rendered", "", cache],
  ];
  return items.filter(Boolean).map(([value, label, mark]) => h("li", { class: mark ? `mark ${mark}` : null }, h("strong", {}, value), label && ` ${label}`));
}
