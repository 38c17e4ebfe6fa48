// Who is logged in.
//
// The access token lives in this module's memory and is gone with the page. The refresh
// token is kept in sessionStorage, so that a reload stays logged in and closing the tab logs
// out; a script that ran on this origin could read it there. The page's policy lets no
// foreign script run, and an HttpOnly cookie would open every other call to cross-site
// requests, which bearer tokens are immune to.

import { problemOf } from "./problem.js";

const KEPT = "progimage.refresh";
const WHO = "progimage.user";

let access = null;
let renewing = null;

/** Fires "change" when somebody logs in or out. */
export const session = new EventTarget();

export const accessToken = () => access;

export const userName = () => (access ? sessionStorage.getItem(WHO) : null);

/** Exchange a name and a password for tokens. */
export async function logIn(name, password) {
  const answer = await ask({ grant_type: "password", username: name, password });
  if (!answer.ok) throw problemOf(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  keep(await answer.json(), name);
}

export function logOut() {
  access = null;
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem(WHO);
  session.dispatchEvent(new Event("change"));
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
    answer = await ask({ grant_type: "refresh_token", refresh_token: token });
  } catch {
    return false;
  }
  if (answer.ok) {
    keep(await answer.json(), sessionStorage.getItem(WHO));
    return true;
  }
  if (answer.status < 500) logOut();
  return false;
}

function keep(tokens, name) {
  const isNew = access === null;
  access = tokens.access_token;
  if (tokens.refresh_token) sessionStorage.setItem(KEPT, tokens.refresh_token);
  sessionStorage.setItem(WHO, name);
  if (isNew) session.dispatchEvent(new Event("change"));
}

function ask(fields) {
  return fetch("/tokens/", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(fields),
  });
}
