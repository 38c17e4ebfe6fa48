// A job as it goes: by server-sent events, and by asking again where those are not to be had.

import { servicePath } from "./service_path.js";
import { json, request } from "./api.js";

const ASK_AGAIN_MS = 2_000;

/**
 * Call `onchange` with the job's summary whenever it has changed, until it is finished.
 *
 * EventSource cannot send a token, so the stream is read from a fetch. Rejects with Problem
 * if the job cannot be seen (any more); resolves quietly once `signal` fired.
 */
export async function follow(id, signal, onchange) {
  for (;;) {
    const job = (await attempt(() => readStream(id, signal, onchange))) ?? (await attempt(() => ask(id, signal, onchange)));
    if (job?.finished || signal.aborted) return;
    // Too many follow jobs already, or something between us holds events back.
    await pause(ASK_AGAIN_MS, signal);
  }
}

/** Return what `action` does, null if it failed in a way that may pass. */
async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (error.status === 404 || error.status === 401) throw error;
    return null;
  }
}

async function ask(id, signal, onchange) {
  const job = await json(`${servicePath}/jobs/${id}/?limit=0`, { signal });
  onchange(job);
  return job;
}

async function readStream(id, signal, onchange) {
  const response = await request(`${servicePath}/jobs/${id}/`, { headers: { Accept: "text/event-stream" }, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let job = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return job;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (!data) continue;
      job = JSON.parse(data.slice(6));
      onchange(job);
    }
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
