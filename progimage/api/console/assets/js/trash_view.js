// The trash: deleted pictures, which can be restored for some days.

import { servicePath } from "./service_path.js";
import { toast } from "./announce.js";
import { json, request } from "./api.js";
import { confirmed } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { emptyState, errorState, waitingState } from "./notice.js";
import { accountMode } from "./service.js";
import { userName } from "./session.js";
import { placeholder } from "./showing.js";
import { count, nameOf, when } from "./wording.js";

/** Return for how many days deleted pictures can be restored; 0 if deletion is final, or without an account. */
export async function trashDays() {
  if (accountMode() !== "off" && userName() === null) return 0;
  try {
    return (await json(`${servicePath}/trash/?limit=1`)).days;
  } catch {
    return 0;
  }
}

/** Return the view; `onrestored` is called after a picture is back. */
export function trashView({ onrestored }) {
  const gone = new AbortController();
  const heading = h("h1", { tabindex: "-1" }, "Trash");
  const about = h("p", { class: "faint" });
  const list = h("ul", { class: "items", "aria-label": "Deleted pictures" });
  const state = h("div", {});
  const more = h("button", { type: "button", class: "more", hidden: true }, "Show more");
  const empty = h("button", { type: "button", class: "danger", hidden: true, onclick: emptyAll }, icon("trash"), "Empty the trash");
  const element = h("section", { class: "stack wide" }, heading, h("div", { class: "row" }, h("div", { class: "grow" }, about), empty), list, state, more);

  async function load() {
    state.replaceChildren(waitingState());
    try {
      const page = await json(`${servicePath}/trash/`, { signal: gone.signal });
      about.textContent = `Deleted pictures can be restored for ${count(page.days, "day")}. Until they are restored, their addresses show nothing.`;
      list.replaceChildren();
      append(page);
    } catch (error) {
      if (error.name !== "AbortError") state.replaceChildren(errorState(error, load));
    }
  }

  function append(page) {
    list.append(...page.data.map(row));
    showState();
    more.hidden = !page.next;
    more.onclick = async () => {
      try {
        append(await json(page.next, { signal: gone.signal }));
      } catch (error) {
        if (error.name !== "AbortError") toast(error.message, "bad");
      }
    };
  }

  function showState() {
    empty.hidden = !list.children.length;
    state.replaceChildren(...(list.children.length ? [] : [emptyState("trash", "The trash is empty", "Pictures that are deleted come here first.")]));
  }

  function row(record) {
    const name = nameOf(record);
    const act = (button, method, done) => async () => {
      button.disabled = true;
      try {
        await request(`${servicePath}/trash/${record.id}/`, { method });
      } catch (error) {
        button.disabled = false;
        toast(error.message, "bad");
        return;
      }
      element.remove();
      showState();
      toast(done);
      if (method === "POST") onrestored();
    };
    const restore = h("button", { type: "button", "aria-label": `Restore ${name}` }, icon("retry"), "Restore");
    const remove = h("button", { type: "button", class: "quiet round", "aria-label": `Delete ${name} for good`, title: "Delete for good" }, icon("trash"));
    restore.addEventListener("click", act(restore, "POST", "Picture restored"));
    const removeNow = act(remove, "DELETE", "Picture deleted");
    remove.addEventListener("click", async () => {
      if (await confirmed("Delete for good?", `“${name}” cannot be restored after this.`, "Delete")) await removeNow();
    });
    const preview = placeholder(record);
    preview.classList.add("trash-preview");
    const element = h("li", {}, preview, h("div", { class: "grow" }, h("bdi", { class: "name" }, name), h("span", { class: "faint" }, ` deleted ${when(record.deleted)}, kept until ${when(record.expires)}`)), restore, remove);
    return element;
  }

  async function emptyAll() {
    if (!(await confirmed("Empty the trash?", "Every picture in it is deleted for good.", "Delete all"))) return;
    empty.disabled = true;
    try {
      for (let left = true; left; ) left = !(await json(`${servicePath}/trash/`, { method: "DELETE" })).is_empty;
      toast("The trash is empty");
    } catch (error) {
      toast(error.message, "bad");
    } finally {
      empty.disabled = false;
    }
    await load();
  }

  load();
  return { element, heading, title: () => "Trash", leave: () => gone.abort() };
}
