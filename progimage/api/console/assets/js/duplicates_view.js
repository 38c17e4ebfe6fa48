// Groups of pictures that look alike, to choose which of them to delete.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { changeAll } from "./bulk.js";
import { confirmed } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { lookAlikes } from "./look_alikes.js";
import { emptyState, errorState } from "./notice.js";
import { pagesFrom } from "./pages.js";
import { hrefOfPicture } from "./route.js";
import { Selection } from "./selection.js";
import { endOf } from "./selection_bar.js";
import { userName } from "./session.js";
import { thumbnailImage } from "./showing.js";
import { bytes, count, nameOf, number } from "./wording.js";

const FIELDS = "id,title,file_name,width,height,size_bytes,media_type,visibility,tags,revision,perceptual_hash,created";
const MOST_COMPARED = 20_000;
const MOST_GROUPS = 100;
const LIKENESS = [
  [0, "Identical looks"],
  [2, "Copies of other sizes and formats"],
  [8, "Also brighter, slightly cut or marked ones"],
];

/** Return the view; `ondeleted` is called after pictures are deleted. */
export function duplicatesView({ ondeleted }) {
  const gone = new AbortController();
  const selection = new Selection();
  let records = [];
  let groups = [];
  let isPart = false;
  const likenessId = uniqueId("likeness");
  const likeness = h("select", { id: likenessId, onchange: show }, LIKENESS.map(([value, name]) => h("option", { value }, name)));
  likeness.value = "8";
  const heading = h("h1", { tabindex: "-1" }, "Duplicates");
  const summary = h("p", { class: "faint" });
  const list = h("div", { class: "stack wide" });
  const copies = h("button", { type: "button", hidden: true, onclick: () => selection.add(groups.flatMap((group) => group.slice(1))) }, "Select all but the largest of each group");
  const total = h("strong", { class: "grow", role: "status" });
  const none = h("button", { type: "button", class: "quiet every", onclick: () => selection.clear() }, "Clear the selection");
  const remove = h("button", { type: "button", class: "danger", onclick: removeSelected }, icon("trash"), h("span", {}, "Delete"));
  const bar = h("div", { class: "selection-bar", role: "toolbar", "aria-label": "Selected pictures", hidden: true }, total, none, remove);
  const head = h("div", { class: "row end-aligned" }, h("div", { class: "field" }, h("label", { for: likenessId }, "What counts"), likeness), copies);
  const element = h("section", { class: "stack" }, heading, h("p", { class: "faint" }, "Pictures that look alike. Turned and mirrored ones, and parts of pictures, are not found."), head, summary, list, bar);

  async function load() {
    const owner = userName() === null ? {} : { owner: "me" };
    const query = new URLSearchParams({ fields: FIELDS, links: 0, limit: 1_000, ...owner });
    records = [];
    try {
      for await (const page of pagesFrom(`${servicePath}/images/?${query}`, { signal: gone.signal })) {
        records.push(...page.data);
        isPart = records.length >= MOST_COMPARED && page.next !== null;
        summary.textContent = `Comparing ${count(records.length, "picture")} …`;
        if (isPart) break;
      }
      show();
    } catch (error) {
      if (error.name !== "AbortError") list.replaceChildren(errorState(error, load));
    }
  }

  function show() {
    selection.clear();
    groups = lookAlikes(records, Number(likeness.value));
    const extra = groups.reduce((sum, group) => sum + group.length - 1, 0);
    const part = isPart ? `Only the newest ${number(MOST_COMPARED)} pictures were compared; the command “progimage duplicates” compares all.` : "";
    const found = groups.length ? `${count(groups.length, "group")}, ${count(extra, "picture")} beside the largest of each.` : "";
    summary.textContent = [found, groups.length > MOST_GROUPS && `The first ${number(MOST_GROUPS)} groups are shown.`, part].filter(Boolean).join(" ");
    groups = groups.slice(0, MOST_GROUPS);
    copies.hidden = groups.length === 0;
    list.replaceChildren(...(groups.length ? groups.map(groupOf) : [emptyState("check", "No duplicates", "No two pictures look alike.")]));
  }

  function groupOf(group, at) {
    const rest = h("button", { type: "button", class: "quiet", onclick: () => selection.add(group.slice(1)) }, "Select all but the largest");
    return h(
      "section",
      { class: "card stack", "aria-label": `Group ${number(at + 1)}` },
      h("div", { class: "row" }, h("h2", { class: "grow" }, count(group.length, "picture")), rest),
      h("ul", { class: "alikes" }, group.map((record, place) => alike(record, place === 0))),
    );
  }

  function alike(record, isLargest) {
    const box = h("input", { type: "checkbox", "aria-label": `Select ${nameOf(record)}, ${record.width} × ${record.height}`, onclick: () => selection.toggle(record) });
    const facts = `${number(record.width)} × ${number(record.height)}, ${bytes(record.size_bytes)}, ${record.media_type.replace("image/", "")}`;
    const item = h(
      "li",
      { class: "alike" },
      h("a", { class: "alike-picture", href: hrefOfPicture(record.id) }, thumbnailImage(record)),
      h("label", { class: "check" }, box, h("bdi", { class: "name" }, nameOf(record))),
      h("span", { class: "faint" }, facts),
      isLargest && h("span", { class: "chip" }, "Largest"),
    );
    selection.addEventListener("change", () => {
      box.checked = selection.has(record.id);
      item.classList.toggle("selected", box.checked);
    });
    return item;
  }

  selection.addEventListener("change", () => {
    bar.hidden = selection.size === 0;
    total.textContent = `${number(selection.size)} selected`;
  });

  async function removeSelected() {
    const whole = groups.filter((group) => group.every(({ id }) => selection.has(id))).length;
    const warning = whole ? ` Of ${count(whole, "group")} no picture is left.` : "";
    if (!(await confirmed(`Delete ${count(selection.size, "picture")}?`, (await endOf(selection.size)) + warning, "Delete"))) return;
    remove.disabled = true;
    try {
      const { changed, failed } = await changeAll(selection.records, { delete: true });
      const deleted = new Set(changed.map(({ id }) => id));
      records = records.filter(({ id }) => !deleted.has(id));
      ondeleted();
      show();
      heading.focus();
      toast(failed.length ? `${number(failed.length)} failed: ${failed[0].detail ?? failed[0].title}` : `${count(deleted.size, "picture")} deleted`, failed.length ? "bad" : "plain");
    } catch (error) {
      toast(error.message, "bad");
    } finally {
      remove.disabled = false;
    }
  }

  load().then(() => say(summary.textContent));
  return { element, heading, title: () => "Duplicates", leave: () => gone.abort() };
}
