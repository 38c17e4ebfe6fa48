// What was typed about a picture and is not saved yet. It lasts until the page is closed, so
// that people do not lose it by going to another picture or by logging in again.

import { userName } from "./session.js";

const drafts = new Map();
const keyOf = (id) => `${id} ${userName() ?? ""}`;

/** Return the draft of the user for the picture `id`, or undefined. */
export const draftOf = (id) => drafts.get(keyOf(id));

/** Remember a draft; null forgets it. */
export function noteDraft(id, draft) {
  if (draft) drafts.set(keyOf(id), draft);
  else drafts.delete(keyOf(id));
}

// The browser asks whether to leave the page.
addEventListener("beforeunload", (event) => {
  if (drafts.size) event.preventDefault();
});
