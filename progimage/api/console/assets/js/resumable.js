// Uploads one large file in pieces by tus 1.0.0, and goes on where a connection broke.
// Source: https://tus.io/protocols/resumable-upload (creation, core protocol).

import { servicePath } from "./service_path.js";
import { problemOf, Unreachable } from "./problem.js";
import { pause } from "./pause.js";
import { accessToken, refresh } from "./session.js";

const PIECE = 8 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const MOST_FAILURES = 6;

/**
 * Send `file` with `metadata`; resolves as `transfer` does.
 *
 * `onprogress` gets the fraction that is sent. Rejects with Problem, Unreachable, or an
 * AbortError once `signal` fired; then the upload is removed from the service.
 */
export async function sendInPieces(file, metadata, { signal, onprogress }) {
  const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": encoded({ filename: file.name, ...metadata }) };
  const created = await call("POST", `${servicePath}/uploads/`, { headers, signal });
  const url = new URL(created.getResponseHeader("Location"), location.origin);
  // The service may know itself by another name than the page's.
  const path = url.pathname + url.search;
  try {
    await sendAll(file, path, signal, onprogress);
    return await result(path, signal);
  } catch (error) {
    if (signal.aborted) call("DELETE", path, { headers: TUS }).catch(() => {});
    throw error;
  }
}

async function sendAll(file, path, signal, onprogress) {
  let offset = 0;
  let failures = 0;
  for (;;) {
    try {
      const answer = await call("PATCH", path, {
        headers: { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
        body: file.slice(offset, offset + PIECE),
        signal,
        onprogress: (sent) => onprogress((offset + sent) / file.size),
      });
      offset = Number(answer.getResponseHeader("Upload-Offset"));
      failures = 0;
      if (offset >= file.size) return;
    } catch (error) {
      failures += 1;
      if (signal.aborted || failures === MOST_FAILURES || !isTemporary(error)) throw error;
      await pause(1000 * (error.retryAfter ?? 2 ** (failures - 1)), signal);
      offset = await offsetOf(path, signal, offset);
      if (offset >= file.size) return;
    }
  }
}

/** A conflict (409) says that the service has another offset: it is asked for again. */
function isTemporary(error) {
  return error instanceof Unreachable || [409, 423, 429, 502, 503, 504].includes(error.status);
}

async function offsetOf(path, signal, known) {
  try {
    const answer = await call("HEAD", path, { headers: TUS, signal });
    return Number(answer.getResponseHeader("Upload-Offset"));
  } catch (error) {
    if (isTemporary(error)) return known;
    throw error;
  }
}

async function result(path, signal) {
  const json = { headers: { Accept: "application/json" }, signal };
  const { image, msg, applied = [], not_applied: notApplied = [] } = JSON.parse((await call("GET", path, json)).responseText);
  const record = JSON.parse((await call("GET", `${servicePath}/images/${image}/metadata/`, json)).responseText);
  return { record, isNew: msg !== "known", applied, notApplied };
}

function encoded(metadata) {
  const pairs = Object.entries(metadata).map(([name, value]) => [name, [value].flat().join(",")]);
  return pairs
    .filter(([, text]) => text)
    .map(([name, text]) => `${name} ${base64(text)}`)
    .join(",");
}

// Piece by piece: a long description would be too many arguments.
const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

async function call(method, path, options) {
  try {
    return await once(method, path, options);
  } catch (error) {
    if (error.status === 401 && accessToken() && (await refresh())) return once(method, path, options);
    throw error;
  }
}

function once(method, path, { headers, body = null, signal = null, onprogress = null }) {
  return new Promise((resolve, reject) => {
    const http = new XMLHttpRequest();
    const abort = () => http.abort();
    http.open(method, path);
    for (const [name, value] of Object.entries(headers)) http.setRequestHeader(name, value);
    if (accessToken()) http.setRequestHeader("Authorization", `Bearer ${accessToken()}`);
    if (onprogress) http.upload.onprogress = (event) => onprogress(event.loaded);
    http.onload = () => {
      if (http.status < 300) resolve(http);
      else reject(problemOf(http.status, http.responseText, http.getResponseHeader("Retry-After")));
    };
    http.onerror = () => reject(new Unreachable());
    http.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    http.onloadend = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    http.send(body);
  });
}
