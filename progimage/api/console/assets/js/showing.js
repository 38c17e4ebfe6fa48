// Pictures on the page: first a placeholder of the right size, then the picture itself.

import { servicePath } from "./service_path.js";
import { request } from "./api.js";
import { h } from "./dom.js";
import { mayHelpToRetry } from "./problem.js";
import { isOpen, ownPreset } from "./service.js";
import { accessToken } from "./session.js";
import { decode } from "./thumbhash.js";
import { nameOf } from "./wording.js";

/** Return a canvas painted with a record's ThumbHash, or one filled with its main colour. */
export function placeholder(record) {
  const canvas = h("canvas", { class: "placeholder", "aria-hidden": "true" });
  const decoded = decode(bytesOf(record.placeholder));
  if (decoded) {
    canvas.width = decoded.width;
    canvas.height = decoded.height;
    canvas.getContext("2d").putImageData(new ImageData(decoded.rgba, decoded.width, decoded.height), 0, 0);
  } else {
    canvas.style.background = record.dominant_colour;
  }
  return canvas;
}

function bytesOf(base64) {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Return the path of a small version by `pipeline`, or of the service's preset; null if it has none. */
function small(id, pipeline) {
  if (isOpen()) return `${servicePath}/images/${id}/${pipeline}`;
  return ownPreset() && `${servicePath}/images/${id}/${ownPreset()}`;
}

/** Return the path of a small version of a record: by its signed link, if it came with one. */
function smallOf(record, pipeline) {
  const href = signedHref(record);
  return href ? href.replace("{+pipeline}", pipeline) : small(record.id, pipeline);
}

/** Records of a shared album have links that work without a token; null for all others. */
function signedHref(record) {
  const href = record._links?.rendition?.href ?? "";
  return href.includes("sig=") ? href : null;
}

/** Return the path of a version of at most screen size, or of the original if transforms are not open. */
export function forScreen(record) {
  return isOpen() ? `${servicePath}/images/${record.id}/resize:height=1600,width=1600.webp` : `${servicePath}/images/${record.id}/`;
}

/** Times after which a thumbnail that could not be loaded is loaded again: the service may have been busy. */
const PAUSES_MS = [1_000, 4_000];

/** Heights of thumbnails for pixel densities 1 and 2. */
const HEIGHTS = [320, 640];

const lazily = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        lazily.unobserve(entry.target);
        entry.target.dispatchEvent(new Event("near"));
      }
    }
  },
  { rootMargin: "600px" },
);

/** Return an `img` of a record, which loads when it comes near the screen. */
export function thumbnailImage(record) {
  const { image, load } = lateThumbnail(record);
  load();
  return image;
}

/** Return `{image, load()}`: an `img` of a record that loads near the screen after `load()`, until `signal` fires. */
export function lateThumbnail(record, signal) {
  const image = h("img", {
    alt: nameOf(record),
    width: record.width,
    height: record.height,
    decoding: "async",
    loading: "lazy",
  });
  image.addEventListener("load", () => image.classList.add("there"), { once: true });
  const pauses = [...PAUSES_MS];
  image.addEventListener("error", (event) => {
    if (event.detail?.isFinal || !pauses.length) return;
    event.stopImmediatePropagation();
    setTimeout(() => signal?.aborted || load(), pauses.shift());
  });

  function load() {
    const paths = HEIGHTS.map((height) => smallOf(record, `thumbnail:height=${height}.webp`));
    if (needsToken(record) && paths[0]) {
      image.addEventListener("near", () => showPrivately(image, paths[pixelDensity() - 1], signal), { once: true });
      lazily.observe(image);
    } else if (paths[0]) {
      image.srcset = paths.map((path, at) => `${path} ${at + 1}x`).join(", ");
      image.src = paths[0];
      signal?.addEventListener("abort", () => ["srcset", "src"].forEach((name) => image.removeAttribute(name)));
    }
  }

  return { image, load };
}

/** Return the density for which a thumbnail is loaded, as the browser chooses it from a `srcset`. */
const pixelDensity = () => (devicePixelRatio > 1 ? 2 : 1);

/** Return an `img` of screen size of a record that came with a signed link. */
export function screenImage(record) {
  const image = h("img", { alt: record.alt || nameOf(record), src: smallOf(record, "resize:height=1600,width=1600.webp") });
  image.addEventListener("load", () => image.classList.add("there"), { once: true });
  return image;
}

/** True if a plain `img` cannot load the picture, because it would send no token. */
export function needsToken(record) {
  return record.visibility === "private" && accessToken() !== null && signedHref(record) === null;
}

async function showPrivately(image, url, signal) {
  try {
    const response = await request(url, { headers: { Accept: "image/*" }, signal });
    showBlob(image, await response.blob());
  } catch (error) {
    if (error.name !== "AbortError") image.dispatchEvent(new CustomEvent("error", { detail: { isFinal: !mayHelpToRetry(error) } }));
  }
}

/** Show the picture in `blob`; its URL is released after it has loaded. */
export function showBlob(image, blob) {
  const url = URL.createObjectURL(blob);
  const done = () => URL.revokeObjectURL(url);
  image.addEventListener("load", done, { once: true });
  image.addEventListener("error", done, { once: true });
  image.removeAttribute("srcset");
  image.src = url;
}

/** Return a small square `img` of a picture, from its id alone; `fit` is "cover" or "contain". */
export function squareImage(id, side, fit = "cover") {
  const url = small(id, `thumbnail:fit=${fit},height=${2 * side},width=${2 * side}.webp`);
  const image = h("img", { alt: "", width: side, height: side, loading: "lazy", decoding: "async" });
  // It may be private, and a plain `img` would send no token.
  if (url && accessToken()) showPrivately(image, url);
  else if (url) image.src = url;
  return image;
}

/** Return a container that has its final size before its picture has loaded. */
export function sized(width, height, ...children) {
  return h("div", { class: "sized", style: { "--width": `${width}px`, "--ratio": String(width / height), aspectRatio: `${width} / ${height}` } }, children);
}

/** Return the frame of a picture, as high as the picture itself needs. */
export function frameOf({ width, height }, ...children) {
  return h("div", { class: "frame", style: { "--frame-ratio": String(width / height), "--frame-height": `${height}px` } }, children);
}
