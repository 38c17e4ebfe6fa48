// Edits of one record, one after the other: two at once would look like edits by two users.

import { servicePath } from "./service_path.js";
import { sendJson } from "./api.js";

/** Return a function that sends the changes of a record; see below. */
export function recordEdits(id) {
  let last = Promise.resolve();

  /**
   * Send what `changes()` returns, based on the version that `version()` returns, after all
   * earlier edits. Resolves to `[record, version]`. Rejects as `request` does.
   */
  return (changes, version) => {
    const next = last.then(() => patch(id, changes(), version()));
    last = next.catch(() => {});
    return next;
  };
}

async function patch(id, changes, version) {
  const response = await sendJson(`${servicePath}/images/${id}/metadata/`, changes, {
    method: "PATCH",
    headers: { "Content-Type": "application/merge-patch+json", "If-Match": version },
  });
  return [await response.json(), response.headers.get("ETag")];
}
