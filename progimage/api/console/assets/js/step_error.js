// Errors of a pipeline, at the step and the argument that they name.

import { h } from "./dom.js";
import { clearFieldErrors, fieldOf, showFieldError } from "./field_error.js";

/** Show an error in the card that it is about, in a list of cards; return false if there is none. */
export function showStepError(list, error) {
  const found = fieldOf(error);
  const cards = [...list.children].filter((card) => card.dataset.name === found?.names[0]);
  if (!cards.length) return false;
  // Two steps can have the same name; browsers check the bounds of numbers too.
  const controlIn = (card) => card.querySelector(`[name="${CSS.escape(found.names[1] ?? "")}"]`);
  const card = cards.find((one) => controlIn(one)?.validity.valid === false) ?? cards[0];
  card.classList.add("wrong");
  if (controlIn(card)) showFieldError(controlIn(card), found.text);
  else card.append(h("p", { class: "field-error", role: "alert" }, found.text));
  return true;
}

/** Remove the errors of all cards in a list. */
export function clearStepErrors(list) {
  clearFieldErrors(list);
  for (const card of list.children) card.classList.remove("wrong");
}
