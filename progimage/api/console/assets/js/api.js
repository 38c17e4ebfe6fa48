// Requests to the service, with the token of the logged-in user. Problem documents become errors.

import { servicePath } from "./service_path.js";
import { problemOf, Unreachable } from "./problem.js";
import { accessToken, refresh } from "./session.js";

/**
 * Send a request and return the Response.
 *
 * An expired token is renewed once. Rejects with Problem, Unreachable, or an AbortError if
 * `signal` fired.
 */
export async function request(url, { method = "GET", headers = {}, body, signal } = {}) {
  let response = await once(url, { method, headers, body, signal });
  if (response.status === 401 && accessToken() && (await refresh())) {
    response = await once(url, { method, headers, body, signal });
  }
  if (!response.ok) {
    throw problemOf(response.status, await response.text(), response.headers.get("Retry-After"));
  }
  return response;
}

async function once(url, { method, headers, body, signal }) {
  const token = accessToken();
  try {
    return await fetch(url, {
      method,
      body,
      signal,
      headers: { Accept: "application/json", ...headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}

/** Send a request and return the JSON of the answer, null if it has none. */
export async function json(url, options = {}) {
  const response = await request(url, options);
  return response.status === 204 ? null : response.json();
}

/** Send `value` as JSON. */
export function sendJson(url, value, { method = "POST", headers = {}, ...rest } = {}) {
  return request(url, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(value),
    ...rest,
  });
}

let transforms = null;

/** Return the document of `/transforms/`, which is fetched once. */
export function transformList() {
  transforms ??= json(`${servicePath}/transforms/`).catch((error) => {
    transforms = null;
    throw error;
  });
  return transforms;
}
