// The large view of a picture, with size and timing. Its room on the page stays the same for all
// results, so that nothing else moves.

import { servicePath } from "./service_path.js";
import { request } from "./api.js";
import { comparison } from "./compare.js";
import { h, icon } from "./dom.js";
import { curlLine, measuresList, ofOriginal, ofRendition, urlLine } from "./measures.js";
import { errorState } from "./notice.js";
import { Unreachable } from "./problem.js";
import { forScreen, frameOf, needsToken, placeholder, showBlob, sized } from "./showing.js";
import { hasTiles } from "./tiles.js";
import { nameOf } from "./wording.js";
import { zoom } from "./zoom.js";

/** Return the stage for a record, until `signal` fires; its methods are documented below. */
export function stage(record, signal) {
  const frame = frameOf(record);
  const stale = h("p", { class: "stale", hidden: true });
  const trouble = h("div", { class: "stack" });
  const facts = h("ul", { class: "measures", "aria-label": "Measurements", tabindex: "0" });
  const lines = h("div", { class: "lines" });
  const element = h("div", { class: "stage" }, frame, trouble, facts, lines);
  let current = null;
  let saved = null;
  let isComparing = false;

  /** Show `content`, and `buttons` over it, in place of what was there. */
  function fill(content, buttons, measures, below) {
    if (saved) URL.revokeObjectURL(saved);
    saved = null;
    trouble.replaceChildren();
    frame.replaceChildren(content, stale, h("div", { class: "row over-frame" }, buttons));
    facts.replaceChildren(...measuresList(measures));
    lines.replaceChildren(...below);
    setStale("");
  }

  function setStale(text) {
    stale.textContent = text;
    stale.hidden = text === "";
    frame.classList.toggle("outdated", text !== "");
  }

  /** Return an `img` that loads the picture without a transform, in a format of browsers. */
  function originalImage(onerror) {
    const image = h("img", { alt: nameOf(record), width: record.width, height: record.height, decoding: "async" });
    image.addEventListener("load", () => image.classList.add("there"), { once: true });
    image.addEventListener("error", () => onerror(new Error("The picture could not be shown.")), { once: true });
    if (needsToken(record)) {
      request(forScreen(record), { headers: { Accept: "image/*" }, signal })
        .then((response) => response.blob())
        .then((blob) => showBlob(image, blob))
        .catch((error) => error.name !== "AbortError" && onerror(error));
    } else {
      image.src = forScreen(record);
    }
    return image;
  }

  /** Show the picture without a transform. */
  async function showOriginal() {
    const mine = Symbol("original");
    current = mine;
    const image = originalImage((error) => current === mine && trouble.replaceChildren(errorState(error, showOriginal)));
    const zooming = hasTiles() && h("button", { type: "button", class: "over", onclick: () => zoom(record, signal) }, icon("zoomIn"), "Zoom");
    const path = `${servicePath}/images/${record.id}/`;
    const below = [urlLine("Original", path, { canOpen: !needsToken(record) })];
    fill(sized(record.width, record.height, placeholder(record), image), [zooming].filter(Boolean), ofOriginal(record), below);
    frame.classList.remove("loading");
    const curl = await curlLine(path, record.media_type, { needsToken: needsToken(record) });
    if (current === mine) lines.append(curl);
  }

  /**
   * Fetch the rendition at `path` and show it, with the measurements from the headers.
   *
   * Rejects with the errors of `request`; then the last picture stays, marked as outdated.
   */
  async function showRendition(path, renderSignal) {
    frame.classList.add("loading");
    const mine = Symbol(path);
    current = mine;
    try {
      const began = performance.now();
      const response = await request(path, { headers: { Accept: "image/avif,image/webp,image/png,image/jpeg,image/*" }, signal: renderSignal });
      const blob = await response.blob();
      const took = performance.now() - began;
      const image = await shown(blob, nameOf(record));
      const canonical = /<([^>]+)>/.exec(response.headers.get("Link") ?? "")?.[1] ?? path;
      const curl = await curlLine(canonical, blob.type, { needsToken: needsToken(record) });
      if (current !== mine) return null;
      const below = [urlLine("URL", canonical, { canOpen: !needsToken(record) }), curl];
      const measures = ofRendition(response.headers, blob, image, took);
      if (image) {
        const { button, layers } = comparison(() => originalImage(() => {}), isComparing, (isOn) => {
          isComparing = isOn;
        });
        fill(sized(image.naturalWidth, image.naturalHeight, image, layers), [button], measures, below);
      } else {
        fill(unshowable(path, blob), [], measures, below);
        saved = frame.querySelector("a").href;
      }
      return image;
    } catch (error) {
      if (error instanceof Unreachable && current === mine) {
        // It may be a redirect to an origin whose pictures pages can show, but not read.
        fill(h("img", { src: path, alt: nameOf(record) }), [], [], []);
      }
      throw error;
    } finally {
      if (current === mine) frame.classList.remove("loading");
    }
  }

  return {
    element,
    showOriginal,
    showRendition,
    /** Say that what is shown is outdated; "" if it is not. */
    setStale,
    isEmpty: () => !frame.hasChildNodes(),
    /** Return the element that has the size of the picture on the page. */
    surface: () => frame.querySelector(".sized"),
    replace(changed) {
      record = changed;
      for (const image of frame.querySelectorAll(".sized > img")) image.setAttribute("alt", nameOf(record));
    },
  };
}

function unshowable(path, blob) {
  // From the loaded bytes, since a link would send no token.
  const save = h("a", { class: "button", href: URL.createObjectURL(blob), download: path.split("/").at(-1) }, icon("download"), "Save it");
  return h("div", { class: "empty" }, h("p", {}, `Browsers do not show ${blob.type || "this format"}.`), save);
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
