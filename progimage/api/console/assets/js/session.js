// The session of the logged-in user.
//
// The access token is only in this module's memory. The refresh token is stored in
// sessionStorage, so that the user stays logged in after a reload and is logged out when the tab
// is closed. A script on this origin could read it there, but the page's policy runs no foreign
// scripts. An HttpOnly cookie would allow cross-site requests, which bearer tokens prevent.

import { servicePath } from "./service_path.js";
import { problemOf } from "./problem.js";

const REFRESH_TOKEN = "progimage.refresh";
const USER_NAME = "progimage.user";

let access = null;
let currentSession = null;
let renewing = null;

/** Fires "change" when a user logs in or out. */
export const session = new EventTarget();

export const accessToken = () => access;

export const sessionId = () => currentSession;

export const userName = () => (access ? sessionStorage.getItem(USER_NAME) : null);

/** Exchange a name and a password for tokens. */
export async function logIn(name, password) {
  const answer = await postTokens({ username: name, password });
  if (!answer.ok) throw problemOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  store(await answer.json(), name);
}

/** Delete the tokens, and end the session at the service if it can be reached. */
export async function logOut() {
  const [id, token] = [currentSession, access];
  access = null;
  currentSession = null;
  sessionStorage.removeItem(REFRESH_TOKEN);
  sessionStorage.removeItem(USER_NAME);
  session.dispatchEvent(new Event("change"));
  if (!id || !token) return;
  try {
    await fetch(`${servicePath}/tokens/${id}/`, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
  } catch {
    // The session expires after some time without use.
  }
}

/** Renew the access token; resolves to false if that failed. Invalid tokens log the user out. */
export function refresh() {
  renewing ??= renew().finally(() => {
    renewing = null;
  });
  return renewing;
}

/** Continue the session from before a reload of the page, if there is one. */
export async function resume() {
  if (sessionStorage.getItem(REFRESH_TOKEN)) await refresh();
}

async function renew() {
  const token = sessionStorage.getItem(REFRESH_TOKEN);
  if (!token) return false;
  let answer;
  try {
    answer = await postTokens({ refresh_token: token });
  } catch {
    return false;
  }
  if (answer.ok) {
    store(await answer.json(), sessionStorage.getItem(USER_NAME));
    return true;
  }
  // The token is invalid. A busy service is no reason to log out.
  if (answer.status < 500 && answer.status !== 429) await logOut();
  return false;
}

function store(tokens, name) {
  const isNew = access === null;
  access = tokens.access_token;
  currentSession = tokens.session ?? null;
  if (tokens.refresh_token) sessionStorage.setItem(REFRESH_TOKEN, tokens.refresh_token);
  sessionStorage.setItem(USER_NAME, name);
  if (isNew) session.dispatchEvent(new Event("change"));
}

function postTokens(fields) {
  return fetch(`${servicePath}/tokens/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(fields),
  });
}
