// What a picture is used by: its file, links for others, and code for pages.

import { servicePath } from "./service_path.js";
import { request } from "./api.js";
import { fileNameOf, originalOf, save, signedLink } from "./bulk.js";
import { copyButton } from "./copying.js";
import { dialog, opened } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { linkForm } from "./link_form.js";
import { errorState } from "./notice.js";
import { isOpen, ownPreset } from "./service.js";
import { nameOf, when } from "./wording.js";

const WIDTHS = [400, 800, 1600];

/** Open the dialog for a record; `pipeline` is what the playground shows now, or "". */
export function share(record, pipeline) {
  const element = dialog(
    "Share and use",
    h("div", { class: "stack" }, downloadOf(record), pictureLinkForm(record, pipeline), codeFor(record)),
  );
  opened(element);
}

/** Save the original under its file name. Rejects as `request` does. */
export async function downloadOriginal(record) {
  const response = await request(originalOf(record), { headers: { Accept: "*/*" } });
  save(await response.blob(), await fileNameOf(record));
}

function downloadOf(record) {
  const trouble = h("div", {});
  async function act() {
    trouble.replaceChildren();
    button.disabled = true;
    try {
      await downloadOriginal(record);
    } catch (error) {
      trouble.replaceChildren(errorState(error));
    } finally {
      button.disabled = false;
    }
  }
  const button = h("button", { type: "button", onclick: act }, icon("download"), "Download the original");
  return h("div", { class: "stack" }, h("div", { class: "row" }, button), trouble);
}

/** A form for a signed link, which shows the picture to everybody who has it. */
function pictureLinkForm(record, pipeline) {
  const whatId = uniqueId("what");
  const targets = [
    ["original", "The original"],
    ...(pipeline ? [[pipeline, `This transform: ${pipeline}`]] : []),
    ["thumbnail.webp", "A thumbnail"],
    ["resize:w=1600.webp", "Screen size, 1600 pixels wide"],
    ["*", "Every transform, but not the original"],
  ];
  const what = h("select", { id: whatId }, targets.map(([value, name]) => h("option", { value }, name)));

  async function make(expiresInS) {
    const { url, expires, templated } = await signedLink(record.id, what.value, expiresInS);
    const template = templated ? " Replace the part in braces with a transform." : "";
    return [line("Link", url), h("p", { class: "faint" }, `Everybody who has this link can see the picture until ${when(expires)}.${template}`)];
  }

  return linkForm(make, { field: h("div", { class: "field" }, h("label", { for: whatId }, "Shows"), what) });
}

/** A choice of code for pages and programs. */
function codeFor(record) {
  const id = uniqueId("code");
  const samples = codes(record);
  const choice = h("select", { id, onchange: show }, Object.keys(samples).map((name) => h("option", { value: name }, name)));
  const code = h("pre", { class: "code", tabindex: "0", "aria-label": "Code" });
  function show() {
    code.textContent = samples[choice.value];
  }
  show();
  return h(
    "section",
    { class: "stack", "aria-label": "Code" },
    h("h3", {}, "Code"),
    record.visibility === "private" && h("p", { class: "faint" }, "This picture is private: a page needs a signed link or a public picture."),
    h("div", { class: "row" }, h("div", { class: "field grow" }, h("label", { for: id }, "For"), choice), copyButton("Copy the code", () => code.textContent)),
    code,
  );
}

export function codes(record) {
  const base = new URL(`${servicePath}/images/${record.id}`, location.origin).href;
  const alt = record.alt || nameOf(record);
  const html = escaped(alt);
  // A preset or the original, where other transforms are not open to everybody.
  const fixed = ownPreset() ? `${base}/${ownPreset()}` : `${base}/`;
  const of = (width, format) => (isOpen() ? `${base}/resize:width=${width}.${format}` : fixed);
  // JPEG has neither transparency nor frames.
  const plain = record.frames > 1 ? "gif" : record.has_alpha ? "png" : "jpg";
  // Nothing is enlarged, so the largest version is as wide as the picture at most.
  const widths = [...WIDTHS.filter((width) => width < record.width), Math.min(record.width, WIDTHS.at(-1))];
  const each = [...new Set(widths)];
  const srcset = (format) => each.map((width) => `${of(width, format)} ${width}w`).join(", ");
  const middle = of(each[Math.min(1, each.length - 1)], plain);
  return {
    URL: `${base}/`,
    HTML: `<img src="${middle}" alt="${html}" loading="lazy">`,
    ...(isOpen() && {
      "HTML, responsive": [
        "<picture>",
        `  <source type="image/webp" sizes="100vw" srcset="${srcset("webp")}">`,
        `  <img src="${middle}" sizes="100vw" srcset="${srcset(plain)}" alt="${html}" width="${record.width}" height="${record.height}" loading="lazy">`,
        "</picture>",
      ].join("\n"),
    }),
    Markdown: `![${alt.replace(/[\\[\]]/g, "\\$&")}](${middle})`,
    curl: `curl -o picture${isOpen() ? ".webp" : ""} '${of(800, "webp")}'`,
    Python: [
      "from progimage.client import Client",
      "",
      `with Client("${new URL(servicePath || "/", location.origin).href}") as client:`,
      `    picture = client.get("${record.id}")`,
      isOpen() ? '    picture.resize(width=800).save("picture.webp")' : '    picture.save("picture")',
    ].join("\n"),
  };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** Return an address with buttons to copy and to open it. */
export function line(label, text) {
  return h(
    "div",
    { class: "line" },
    h("span", { class: "line-label" }, label),
    h("code", { class: "breaks", tabindex: "0", "aria-label": `${label}: ${text}` }, text),
    copyButton(`Copy ${label.toLowerCase()}`, () => text),
    h("a", { class: "button quiet round", href: text, target: "_blank", rel: "noopener", "aria-label": `Open ${label.toLowerCase()} in a new tab`, title: "Open" }, icon("open")),
  );
}
