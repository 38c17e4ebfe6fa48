// Modal dialogs, with the browser's own element, which manages the focus.

import { h, icon, uniqueId } from "./dom.js";

/** Return a dialog with a title and a button to close it; it fires `close`. */
export function dialog(title, ...content) {
  const titleId = uniqueId("title");
  const element = h(
    "dialog",
    { "aria-labelledby": titleId },
    h(
      "header",
      { class: "dialog-head" },
      h("h2", { id: titleId }, title),
      h(
        "button",
        { type: "button", class: "quiet round", "aria-label": "Close", onclick: () => element.close() },
        icon("close"),
      ),
    ),
    content,
  );
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close();
  });
  return element;
}

/** Open a dialog, which is removed from the page when it is closed; returns it. */
export function opened(element) {
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

/** Ask whether to do something that cannot be undone; resolves to true or false. */
export function confirmed(title, text, action) {
  return new Promise((resolve) => {
    let answer = false;
    const cancel = h("button", { type: "button", autofocus: true, onclick: () => element.close() }, "Cancel");
    const proceed = h(
      "button",
      {
        type: "button",
        class: "danger",
        onclick: () => {
          answer = true;
          element.close();
        },
      },
      action,
    );
    const textId = uniqueId("text");
    const element = dialog(title, h("p", { id: textId }, text), h("div", { class: "row end" }, cancel, proceed));
    element.classList.add("small");
    element.setAttribute("role", "alertdialog");
    element.setAttribute("aria-describedby", textId);
    element.addEventListener("close", () => resolve(answer));
    opened(element);
  });
}
