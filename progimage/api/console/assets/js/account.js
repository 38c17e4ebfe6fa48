// The account control in the corner of every view, and the form to log in.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { accountDialog } from "./account_dialog.js";
import { sendJson } from "./api.js";
import { h, icon, uniqueId } from "./dom.js";
import { cameFrom, go } from "./route.js";
import { accountMode, isRegistrationOpen } from "./service.js";
import { logIn, session, userName } from "./session.js";

/** Return the control for the page's head: a link to log in, or the account's name; hidden without accounts. */
export function accountControl() {
  const element = h("div", { class: "account", hidden: accountMode() === "off" });
  function show() {
    const name = userName();
    element.replaceChildren(
      name === null
        ? h("a", { class: "button quiet", href: `${servicePath}/?view=login` }, icon("person"), "Log in")
        : h("button", { type: "button", class: "quiet", title: "Account", "aria-label": `Account: ${name}`, "aria-haspopup": "dialog", onclick: accountDialog }, icon("person"), h("bdi", { class: "who" }, name)),
    );
  }
  session.addEventListener("change", show);
  show();
  return element;
}

/** Return the view to log in, or to create an account if registration is open. */
export function loginView() {
  let isNew = false;
  const heading = h("h1", { tabindex: "-1" }, "Log in");
  const nameId = uniqueId("name");
  const passwordId = uniqueId("password");
  const name = h("input", { id: nameId, type: "text", required: true, autocomplete: "username", autocapitalize: "none", spellcheck: "false", maxlength: 100 });
  const password = h("input", { id: passwordId, type: "password", required: true, autocomplete: "current-password", maxlength: 1024 });
  const trouble = h("div", {});
  const submit = h("button", { type: "submit", class: "primary" }, "Log in");
  const other = h("button", { type: "button", class: "quiet", hidden: !isRegistrationOpen(), onclick: change }, "Create an account");
  const form = h(
    "form",
    { class: "card stack", "aria-label": "Log in", onsubmit: send },
    heading,
    h("div", { class: "field" }, h("label", { for: nameId }, "Name"), name),
    h("div", { class: "field" }, h("label", { for: passwordId }, "Password"), password),
    trouble,
    h("div", { class: "row end" }, other, submit),
  );

  function change() {
    isNew = !isNew;
    heading.textContent = isNew ? "Create an account" : "Log in";
    submit.textContent = heading.textContent;
    other.textContent = isNew ? "Log in instead" : "Create an account";
    password.autocomplete = isNew ? "new-password" : "current-password";
    form.setAttribute("aria-label", heading.textContent);
    trouble.replaceChildren();
    say(heading.textContent);
    name.focus();
  }

  async function send(event) {
    event.preventDefault();
    submit.disabled = true;
    trouble.replaceChildren();
    try {
      if (isNew) await sendJson(`${servicePath}/users/`, { username: name.value.trim(), password: password.value });
      await logIn(name.value.trim(), password.value);
    } catch (error) {
      // Not errorState, which would link to this form.
      trouble.replaceChildren(h("div", { class: "notice bad", role: "alert" }, h("strong", {}, error.title ?? "Something went wrong"), h("p", {}, error.message)));
      password.select();
      return;
    } finally {
      submit.disabled = false;
    }
    toast(`Logged in as ${userName()}`);
    if (cameFrom()) history.back();
    else go(`${servicePath}/`, { replace: true });
  }

  return { element: h("section", { class: "narrow" }, form), heading, title: () => heading.textContent };
}
