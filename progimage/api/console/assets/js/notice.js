// Messages in place of a view: it is empty, still loading, or failed to load.

import { servicePath } from "./service_path.js";
import { h, icon } from "./dom.js";
import { accountMode } from "./service.js";

/** Return a message with an icon and optional actions. */
export function emptyState(drawing, title, text, ...actions) {
  return h(
    "div",
    { class: "empty" },
    h("div", { class: "empty-mark" }, icon(drawing)),
    h("h2", {}, title),
    text && h("p", {}, text),
    actions.length > 0 && h("div", { class: "row center" }, actions),
  );
}

/** Return a loading message; its style shows it only after a delay. */
export function waitingState() {
  return h("p", { class: "faint waiting" }, "Loading …");
}

/** Return the message for an error, with a button to try again if `retry` is given. */
export function errorState(error, retry) {
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("strong", {}, error.title || "Something went wrong"),
    h("p", {}, error.message),
    error.status === 401 && accountMode() !== "off" && h("a", { class: "button", href: `${servicePath}/?view=login` }, "Log in"),
    retry && h("button", { type: "button", onclick: retry }, icon("retry"), "Try again"),
  );
}
