// The account of the logged-in user: password, API keys, sessions, and logging out.

import { servicePath } from "./service_path.js";
import { toast } from "./announce.js";
import { json, request, sendJson } from "./api.js";
import { copyButton } from "./copying.js";
import { confirmed, dialog, opened } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { errorState, waitingState } from "./notice.js";
import { logIn, logOut, sessionId, userName } from "./session.js";
import { bytes, number, when } from "./wording.js";

/** Open the dialog. */
export function accountDialog() {
  const leave = h("button", { type: "button", onclick: () => end(logOut()) }, icon("leave"), "Log out");
  const element = dialog(userName(), h("div", { class: "stack" }, h("div", { class: "row" }, leave), room(), passwordForm(), keysSection(), sessionsSection(() => end(logOut()))));
  async function end(ending) {
    element.close();
    await ending;
    toast("Logged out");
  }
  opened(element);
}

/** A line that says how much of its quota the account uses; empty where there are no quotas. */
function room() {
  const line = h("p", { class: "faint", hidden: true });
  json(`${servicePath}/users/me/`)
    .then(({ quota }) => {
      if (!quota) return;
      const ofPictures = quota.max_pictures ? ` of ${number(quota.max_pictures)}` : "";
      const ofBytes = quota.max_size_bytes ? ` of ${bytes(quota.max_size_bytes)}` : "";
      line.textContent = `${number(quota.pictures)}${ofPictures} pictures, ${bytes(quota.size_bytes)}${ofBytes}`;
      line.hidden = false;
    })
    // The rest of the dialog works without it.
    .catch(() => {});
  return line;
}

function passwordField(label, autocomplete) {
  const id = uniqueId("password");
  const input = h("input", { id, type: "password", required: true, autocomplete, maxlength: 1024 });
  return { input, element: h("div", { class: "field" }, h("label", { for: id }, label), input) };
}

function passwordForm() {
  const now = passwordField("Current password", "current-password");
  const next = passwordField("New password", "new-password");
  const trouble = h("div", {});
  const submit = h("button", { type: "submit" }, "Change password");

  async function change(event) {
    event.preventDefault();
    submit.disabled = true;
    trouble.replaceChildren();
    const name = userName();
    try {
      await sendJson(`${servicePath}/users/me/password/`, { password_now: now.input.value, password: next.input.value }, { method: "PUT" });
      // Every session has ended, this one too.
      await logIn(name, next.input.value);
      now.input.value = "";
      next.input.value = "";
      toast("Password changed; other sessions have ended");
    } catch (error) {
      trouble.replaceChildren(h("div", { class: "notice bad", role: "alert" }, h("strong", {}, error.title), h("p", {}, error.message)));
    } finally {
      submit.disabled = false;
    }
  }

  return h("form", { class: "stack", "aria-label": "Password", onsubmit: change }, h("h3", {}, "Password"), h("div", { class: "grid two" }, now.element, next.element), trouble, h("div", { class: "row end" }, submit));
}

/** A section that loads its list when it is shown: `fill` gets its element. */
function listSection(title, text, fill) {
  const body = h("div", { class: "stack" }, waitingState());
  async function load() {
    try {
      await fill(body, load);
    } catch (error) {
      body.replaceChildren(errorState(error, load));
    }
  }
  load();
  return h("section", { class: "stack", "aria-label": title }, h("h3", {}, title), h("p", { class: "faint" }, text), body);
}

function keysSection() {
  return listSection("API keys", "For programs. A key can do all that you can do with pictures.", async (body, reload) => {
    const { data } = await json(`${servicePath}/users/me/keys/`);
    const rows = data.map(({ id, label, created }) => row(label, `since ${when(created)}`, "Revoke", async () => {
      if (!(await confirmed("Revoke this key?", `Programs that use “${label}” will be turned away.`, "Revoke"))) return;
      await request(`${servicePath}/users/me/keys/${id}/`, { method: "DELETE" });
      toast("Key revoked");
      await reload();
    }));
    const labelId = uniqueId("label");
    const label = h("input", { id: labelId, type: "text", required: true, maxlength: 100, autocomplete: "off" });
    const made = h("div", { class: "lines" });
    async function create(event) {
      event.preventDefault();
      const answer = await sendJson(`${servicePath}/users/me/keys/`, { label: label.value.trim() });
      const { key } = await answer.json();
      await reload();
      body.prepend(h("div", { class: "notice" }, h("p", {}, "Copy the key now; it is not shown again."), h("div", { class: "line" }, h("code", { class: "breaks", tabindex: "0", "aria-label": "API key" }, key), copyButton("Copy the key", () => key))));
    }
    const form = h("form", { class: "row", "aria-label": "New key", onsubmit: (event) => create(event).catch((error) => made.replaceChildren(errorState(error))) }, h("div", { class: "field grow" }, h("label", { for: labelId }, "What the new key is for"), label), h("button", { type: "submit" }, icon("plus"), "Create"));
    body.replaceChildren(h("ul", { class: "stack" }, rows), form, made);
  });
}

function sessionsSection(leave) {
  return listSection("Sessions", "Where you are logged in.", async (body, reload) => {
    const { data } = await json(`${servicePath}/tokens/`);
    const rows = data.map(({ id, created, used }) => {
      const isThis = id === sessionId();
      return row(isThis ? "This session" : `Since ${when(created)}`, `last used ${when(used)}`, isThis ? "Log out" : "End", async () => {
        if (isThis) {
          await leave();
          return;
        }
        await request(`${servicePath}/tokens/${id}/`, { method: "DELETE" });
        toast("Session ended");
        await reload();
      });
    });
    body.replaceChildren(h("ul", { class: "stack" }, rows));
  });
}

function row(title, text, word, act) {
  const button = h("button", { type: "button", "aria-label": `${word}: ${title}`, onclick: () => act().catch((error) => toast(error.message, "bad")) }, word);
  return h("li", { class: "row" }, h("div", { class: "grow" }, h("bdi", {}, title), h("span", { class: "faint" }, ` ${text}`)), button);
}
