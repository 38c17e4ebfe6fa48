// Uploads one file: small ones as a form, large ones in pieces. It uses XMLHttpRequest, since
// fetch does not report upload progress.

import { servicePath } from "./service_path.js";
import { Problem, problemOf, Unreachable } from "./problem.js";
import { sendInPieces } from "./resumable.js";
import { pause } from "./pause.js";
import { accessToken, refresh } from "./session.js";

const MOST_TRIES = 4;
const MOST_OF_A_FORM = 8 * 1024 * 1024;

/**
 * Send `file` with `metadata`; resolves to `{record, isNew, applied, notApplied}`.
 *
 * Of a picture that was here already, `applied` are the names of the fields that changed it, and
 * `notApplied` those that differ from it.
 *
 * `onprogress` gets the fraction that is sent, 0 to 1. If the service is busy, the upload is
 * repeated after its Retry-After. Rejects with Problem, Unreachable, or an AbortError once `signal` fired.
 */
export async function transfer(file, metadata, { signal, onprogress }) {
  if (file.size > MOST_OF_A_FORM) return sendInPieces(file, metadata, { signal, onprogress });
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(file, metadata, signal, onprogress);
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

function once(file, metadata, signal, onprogress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(metadata)) {
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
        const record = JSON.parse(http.responseText);
        resolve({ record, isNew: http.status === 201, applied: record.applied ?? [], notApplied: record.not_applied ?? [] });
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
