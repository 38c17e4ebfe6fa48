// The name, state and progress bar of a job, for the list and for its own page.

import { h } from "./dom.js";
import { count } from "./wording.js";

const STATES = { pending: "waiting", "in-progress": "running", complete: "complete", cancelled: "cancelled" };

export function describeJob(job) {
  const [action, thing] = job.kind === "render" ? ["Rendering of", "rendition"] : ["Import of", "picture"];
  return `${action} ${count(job.counts.total, thing)}`;
}

export function stateOf(job) {
  return h("span", { class: "job-state", dataset: { state: job.status } }, STATES[job.status] ?? job.status);
}

export function meterOf(job) {
  const { total, complete, failed } = job.counts;
  const isLost = failed > 0 && complete === 0;
  return h("progress", { class: isLost ? "lost" : null, max: Math.max(1, total), value: complete + failed, "aria-label": `${complete + failed} of ${total} done` });
}
