// What this service offers, as its root document tells.

import { json } from "./api.js";

let root = null;

/** Read the root document; the page cannot do without it. */
export async function discover() {
  root = await json("/", { headers: { Accept: "application/hal+json" } });
}

/** True if the root links to `name`, such as "jobs". */
export const offers = (name) => Boolean(root?._links?.[name]);

/** How accounts are used here: "off", "optional" or "required". */
export const accountMode = () => root?.auth?.mode ?? "off";

/** True if anybody may make an account. */
export const isRegistrationOpen = () => root?.auth?.registration === "open";
