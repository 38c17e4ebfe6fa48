// A button that copies a line of text.

import { say } from "./announce.js";
import { h, icon } from "./dom.js";

/** Return a button that copies what `text` returns. */
export function copyButton(label, text) {
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet round",
      "aria-label": label,
      title: label,
      async onclick() {
        if (!(await copied(text()))) {
          say("Copying is not allowed here; select the text instead");
          return;
        }
        say("Copied");
        button.replaceChildren(icon("check"));
        button.classList.add("done");
        setTimeout(() => {
          button.replaceChildren(icon("copy"));
          button.classList.remove("done");
        }, 1500);
      },
    },
    icon("copy"),
  );
  return button;
}

/** Copy `text`; resolves to false if the browser does not allow it. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP, except on localhost, there is no clipboard API; execCommand needs a selection.
    const field = h("textarea", { class: "unseen", value: text, readonly: true, "aria-hidden": "true" });
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    const focused = document.activeElement;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focused?.focus();
    return done;
  }
}
