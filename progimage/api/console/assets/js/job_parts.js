// The name, state and progress bar of a job, for the list and for its own page.

import { h } from "./dom.js";
import { count } from "./wording.js";

const STATES = { pending: "waiting", "in-progress": "running", complete: "complete", cancelled: "cancelled", failed: "failed", "some-failed": "some failed" };
const WORDS = {
  render: ["Making", "Made", "rendition"],
  publish: ["Publishing", "Published", "picture"],
  import: ["Importing", "Imported", "picture"],
};

/** Return what a job does, or did, in words: "Making 8 renditions". */
export function describeJob(job) {
  const [doing, done, thing] = WORDS[job.kind] ?? WORDS.import;
  if (outcomeOf(job) === "complete") return `${done} ${count(job.counts.complete, thing)}`;
  return `${doing} ${count(job.counts.total, thing)}`;
}

/** Return the state of a job: its status, or whether items of it failed once it is over. */
export function outcomeOf(job) {
  const { complete, failed } = job.counts;
  if (job.status !== "complete" || failed === 0) return job.status;
  return complete === 0 ? "failed" : "some-failed";
}

export function stateOf(job) {
  const outcome = outcomeOf(job);
  return h("span", { class: "job-state", dataset: { state: outcome } }, STATES[outcome] ?? outcome);
}

export function meterOf(job) {
  const { total, complete, failed } = job.counts;
  const isLost = failed > 0 && complete === 0;
  return h("progress", { class: isLost ? "lost" : null, max: Math.max(1, total), value: complete + failed, "aria-label": `${complete + failed} of ${total} done` });
}
