// The features of this service, from its root document.

import { servicePath } from "./service_path.js";
import { json } from "./api.js";

let root = null;

/** Load the root document, which the page needs. */
export async function discover() {
  root = await json(`${servicePath}/`, { headers: { Accept: "application/hal+json" } });
}

/** True if the root links to `name`, such as "jobs". */
export const offers = (name) => Boolean(root?._links?.[name]);

/** The setting `auth.mode`: "off", "optional" or "required". */
export const accountMode = () => root?.auth?.mode ?? "off";

/** True if the transform policy allows every transform. */
export const isOpen = () => (root?.transforms?.policy ?? "open") === "open";

/**
 * The preset for pictures in the console if the policy does not allow every transform: the one
 * called "console", or else the first; null if there is none.
 */
export function ownPreset() {
  const names = root?.transforms?.presets ?? [];
  return names.includes("console") ? "console" : (names[0] ?? null);
}

/** True if everybody may create an account. */
export const isRegistrationOpen = () => root?.auth?.registration === "open";
