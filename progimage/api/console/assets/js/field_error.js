// Errors beside the form field that they are about.

import { h, uniqueId } from "./dom.js";

/** Return `{names, text}` of an error whose message starts with the name of a field, or null. */
export function fieldOf(error) {
  const found = /^(\w+(?:\.[^:\s]+)?): (.+)$/s.exec(error.message);
  return found && { names: found[1].split("."), text: found[2][0].toUpperCase() + found[2].slice(1) };
}

/** Show `text` below a control, which gets the focus if `isFocused`. */
export function showFieldError(control, text, { isFocused = false } = {}) {
  const message = h("p", { class: "field-error", role: "alert", id: uniqueId("error") }, text);
  const described = control.getAttribute("aria-describedby");
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", [described, message.id].filter(Boolean).join(" "));
  control.closest("details")?.setAttribute("open", "");
  (control.closest(".field, li") ?? control.parentElement).append(message);
  if (isFocused) control.focus();
}

/** Remove the messages below all controls in `root`. */
export function clearFieldErrors(root) {
  for (const message of root.querySelectorAll(".field-error")) {
    const control = root.querySelector(`[aria-describedby~="${message.id}"]`);
    const rest = (control?.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== message.id);
    control?.removeAttribute("aria-invalid");
    if (rest.length) control?.setAttribute("aria-describedby", rest.join(" "));
    else control?.removeAttribute("aria-describedby");
    message.remove();
  }
}
