// The errors of requests to the service.

/** A problem document (RFC 9457) as an error. */
export class Problem extends Error {
  constructor(status, document, retryAfter = null) {
    super(document.detail || document.title || `The service answered ${status}.`);
    this.status = status;
    this.title = document.title || "Something went wrong";
    this.retryAfter = retryAfter;
  }
}

/** The service could not be reached at all. */
export class Unreachable extends Error {
  constructor() {
    super("The service cannot be reached. Check the connection and try again.");
    this.title = "No connection";
  }
}

/** Return the problem of an answer with an error status; its body can be anything. */
export function problemOf(status, text, retryAfter) {
  let document = {};
  try {
    const parsed = JSON.parse(text);
    if (parsed && typeof parsed === "object") document = parsed;
  } catch {
    // The page of a proxy, or no body: only the status is known.
  }
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return new Problem(status, document, Number.isFinite(seconds) ? seconds : null);
}

/** True if the same request may succeed later: the service was busy, or could not be reached. */
export function mayHelpToRetry(error) {
  return !(error instanceof Problem) || error.status >= 500 || [401, 408, 409, 429].includes(error.status);
}
