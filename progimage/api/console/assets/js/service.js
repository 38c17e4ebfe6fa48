// What this service offers, as its root document tells.

import { servicePath } from "./service_path.js";
import { json } from "./api.js";

let root = null;

/** Read the root document; the page cannot do without it. */
export async function discover() {
  root = await json(`${servicePath}/`, { headers: { Accept: "application/hal+json" } });
}

/** True if the root links to `name`, such as "jobs". */
export const offers = (name) => Boolean(root?._links?.[name]);

/** How accounts are used here: "off", "optional" or "required". */
export const accountMode = () => root?.auth?.mode ?? "off";

/** True if any transform may be had, as the transform policy goes. */
export const isOpen = () => (root?.transforms?.policy ?? "open") === "open";

/**
 * The preset that pictures are shown by where transforms are not open: the one called
 * "console", or else the first; null if there is none.
 */
export function ownPreset() {
  const names = root?.transforms?.presets ?? [];
  return names.includes("console") ? "console" : (names[0] ?? null);
}

/** True if anybody may make an account. */
export const isRegistrationOpen = () => root?.auth?.registration === "open";
