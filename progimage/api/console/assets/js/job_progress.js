// Follows the progress of a job by server-sent events, or by polling if those do not work.

import { servicePath } from "./service_path.js";
import { json, request } from "./api.js";

const POLL_MS = 2_000;

/**
 * Call `onchange` with the job's summary after each change, until the job has finished.
 *
 * EventSource cannot send a token, so the stream is read from a fetch. Rejects with Problem
 * if the job does not exist or is not visible. Resolves after `signal` fired.
 */
export async function follow(id, signal, onchange) {
  for (;;) {
    const job = (await attempt(() => readStream(id, signal, onchange))) ?? (await attempt(() => poll(id, signal, onchange)));
    if (job?.finished || signal.aborted) return;
    // The server has too many streams, or a proxy holds events back.
    await pause(POLL_MS, signal);
  }
}

/** Return the result of `action`, or null after an error that may be temporary. */
async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (error.status === 404 || error.status === 401) throw error;
    return null;
  }
}

async function poll(id, signal, onchange) {
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
