// Uploads files, a few at a time, in the order in which they were added.

import { transfer } from "./transfer.js";

const AT_A_TIME = 3;

/**
 * One file and the progress of its upload.
 *
 * `state` is "ready", "waiting", "sending", "done", "known" (it was already stored),
 * "failed" or "cancelled". Fires "change" after each change.
 */
class Upload extends EventTarget {
  constructor(file) {
    super();
    this.file = file;
    this.state = "ready";
    this.progress = 0;
    this.error = null;
    this.record = null;
    this.applied = [];
    this.notApplied = [];
    this.metadata = {};
    this.stop = new AbortController();
  }

  get isOver() {
    return ["done", "known", "failed", "cancelled"].includes(this.state);
  }

  become(state, more = {}) {
    Object.assign(this, more, { state });
    this.dispatchEvent(new Event("change"));
  }
}

/** Sends uploads; fires "change" when one of them has changed. */
export class Queue extends EventTarget {
  constructor() {
    super();
    this.uploads = [];
  }

  /** Add files; they wait for `start`. */
  add(files) {
    const added = files.map((file) => new Upload(file));
    for (const upload of added) upload.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    this.uploads.push(...added);
    this.dispatchEvent(new Event("change"));
    return added;
  }

  /** Send all uploads that are ready, each with the same metadata. */
  start(metadata) {
    for (const upload of this.uploads.filter(({ state }) => state === "ready")) {
      upload.become("waiting", { metadata });
    }
    this.#next();
  }

  /** Stop an upload, or remove it from the list if it has not begun or is over. */
  cancel(upload) {
    if (upload.state === "sending" || upload.state === "waiting") {
      upload.stop.abort();
      upload.become("cancelled");
      this.#next();
    } else {
      this.uploads = this.uploads.filter((other) => other !== upload);
      this.dispatchEvent(new Event("change"));
    }
  }

  /** Send an upload again. */
  retry(upload) {
    upload.become("waiting", { progress: 0, error: null, stop: new AbortController() });
    this.#next();
  }

  /** Remove the uploads that are over. */
  clear() {
    this.uploads = this.uploads.filter((upload) => !upload.isOver);
    this.dispatchEvent(new Event("change"));
  }

  in(...states) {
    return this.uploads.filter((upload) => states.includes(upload.state));
  }

  #next() {
    const free = AT_A_TIME - this.in("sending").length;
    for (const upload of this.in("waiting").slice(0, Math.max(0, free))) this.#send(upload);
  }

  async #send(upload) {
    const { signal } = upload.stop;
    upload.become("sending");
    try {
      const { isNew, ...result } = await transfer(upload.file, upload.metadata, {
        signal,
        onprogress: (progress) => upload.state === "sending" && upload.become("sending", { progress }),
      });
      if (!signal.aborted) upload.become(isNew ? "done" : "known", { ...result, progress: 1 });
    } catch (error) {
      if (!signal.aborted) upload.become("failed", { error });
    }
    this.#next();
  }
}
