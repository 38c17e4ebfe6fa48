// What this service offers, as its root document tells.

import { json } from "./api.js";

let root = null;

/** Read the root document; the page cannot do without it. */
export async function discover() {
  root = await json("/", { headers: { Accept: "application/hal+json" } });
}

export const version = () => root?.version ?? "";

/** True if the root links to `name`, such as "jobs". */
export const offers = (name) => Boolean(root?._links?.[name]);
