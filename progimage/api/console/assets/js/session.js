// Who is logged in.
//
// The access token lives in this module's memory and is gone with the page. The refresh
// token is kept in sessionStorage, so that a reload stays logged in and closing the tab logs
// out; a script that ran on this origin could read it there. The page's policy lets no
// foreign script run, and an HttpOnly cookie would open every other call to cross-site
// requests, which bearer tokens are immune to.

import { servicePath } from "./service_path.js";
import { problemOf } from "./problem.js";

const KEPT = "progimage.refresh";
const WHO = "progimage.user";

let access = null;
let sessionId = null;
let renewing = null;

/** Fires "change" when somebody logs in or out. */
export const session = new EventTarget();

export const accessToken = () => access;

export const userName = () => (access ? sessionStorage.getItem(WHO) : null);

/** Exchange a name and a password for tokens. */
export async function logIn(name, password) {
  const answer = await ask({ username: name, password });
  if (!answer.ok) throw problemOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  keep(await answer.json(), name);
}

/** Forget who is logged in, and have the service end the session, if it can be reached. */
export async function logOut() {
  const [id, token] = [sessionId, access];
  access = null;
  sessionId = null;
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem(WHO);
  session.dispatchEvent(new Event("change"));
  if (!id || !token) return;
  try {
    await fetch(`${servicePath}/tokens/${id}/`, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
  } catch {
    // It ends by itself when it has not been used for long enough.
  }
}

/** Renew the access token; false, and logged out, if that is no longer possible. */
export function refresh() {
  renewing ??= renew().finally(() => {
    renewing = null;
  });
  return renewing;
}

/** Take up the session of before the page was reloaded, if there is one. */
export async function resume() {
  if (sessionStorage.getItem(KEPT)) await refresh();
}

async function renew() {
  const token = sessionStorage.getItem(KEPT);
  if (!token) return false;
  let answer;
  try {
    answer = await ask({ refresh_token: token });
  } catch {
    return false;
  }
  if (answer.ok) {
    keep(await answer.json(), sessionStorage.getItem(WHO));
    return true;
  }
  // Refused for good; a busy service is no reason to be logged out.
  if (answer.status < 500 && answer.status !== 429) await logOut();
  return false;
}

function keep(tokens, name) {
  const isNew = access === null;
  access = tokens.access_token;
  sessionId = tokens.session ?? null;
  if (tokens.refresh_token) sessionStorage.setItem(KEPT, tokens.refresh_token);
  sessionStorage.setItem(WHO, name);
  if (isNew) session.dispatchEvent(new Event("change"));
}

function ask(fields) {
  return fetch(`${servicePath}/tokens/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(fields),
  });
}
