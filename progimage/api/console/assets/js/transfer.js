// One file on its way to the service. XMLHttpRequest, since fetch does not tell how much of
// a body has been sent.

import { servicePath } from "./service_path.js";
import { Problem, problemOf, Unreachable } from "./problem.js";
import { accessToken, refresh } from "./session.js";

const MOST_TRIES = 4;

/**
 * Send `file` with what is said of it; resolves to `{record, isNew}`.
 *
 * `onprogress` gets the part that was sent, 0 to 1. A busy service is asked again as late as
 * it wishes. Rejects with Problem, Unreachable, or an AbortError once `signal` fired.
 */
export async function transfer(file, said, { signal, onprogress }) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(file, said, signal, onprogress);
    } catch (error) {
      const isBusy = error instanceof Problem && error.status === 503;
      const isExpired = error instanceof Problem && error.status === 401 && accessToken();
      if (tries === MOST_TRIES || signal.aborted) throw error;
      if (isExpired && (await refresh())) continue;
      if (!isBusy) throw error;
      onprogress(0);
      await pause((error.retryAfter ?? tries) * 1000, signal);
    }
  }
}

function once(file, said, signal, onprogress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(said)) {
      for (const item of [value].flat()) if (item) form.append(name, item);
    }
    form.append("image", file, file.name || "pasted.png");
    const http = new XMLHttpRequest();
    const abort = () => http.abort();
    http.open("POST", `${servicePath}/images/`);
    http.setRequestHeader("Accept", "application/json");
    if (accessToken()) http.setRequestHeader("Authorization", `Bearer ${accessToken()}`);
    http.upload.onprogress = (event) => {
      if (event.lengthComputable) onprogress(event.loaded / event.total);
    };
    http.onload = () => {
      if (http.status === 200 || http.status === 201) {
        resolve({ record: JSON.parse(http.responseText), isNew: http.status === 201 });
      } else {
        reject(problemOf(http.status, http.responseText, http.getResponseHeader("Retry-After")));
      }
    };
    http.onerror = () => reject(new Unreachable());
    http.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    http.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    http.send(form);
  });
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("cancelled", "AbortError"));
    });
  });
}
