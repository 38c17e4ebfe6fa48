// The list of jobs, newest first, with the form for a new import.

import { servicePath } from "./service_path.js";
import { json } from "./api.js";
import { h } from "./dom.js";
import { importForm } from "./import_form.js";
import { describeJob, meterOf, stateOf } from "./job_parts.js";
import { emptyState, errorState } from "./notice.js";
import { hrefOfJob } from "./route.js";
import { when } from "./wording.js";

const POLL_MS = 3_000;

export function jobsView() {
  const gone = new AbortController();
  let timer = 0;
  const heading = h("h1", { tabindex: "-1" }, "Jobs");
  const list = h("ul", { class: "jobs", "aria-label": "Jobs" });
  const state = h("div", {});
  const more = h("button", { type: "button", class: "more", hidden: true }, "Show more");
  const soFar = h("section", { class: "stack", "aria-label": "Recent jobs" }, h("h2", {}, "Recent jobs"), list, state, more);
  const element = h("section", { class: "stack wide" }, heading, h("div", { class: "jobs-body" }, importForm(), soFar));

  async function load() {
    clearTimeout(timer);
    try {
      const page = await json(`${servicePath}/jobs/`, { signal: gone.signal });
      state.replaceChildren();
      redraw(page.data);
      offerMore(page.next);
      if (!page.data.length) {
        state.append(emptyState("download", "No jobs yet", "An import fetches many pictures in the background and continues if this page is closed."));
      }
      if (page.data.some((job) => !job.finished)) timer = setTimeout(load, POLL_MS);
    } catch (error) {
      if (error.name !== "AbortError") state.replaceChildren(errorState(error, load));
    }
  }

  function redraw(jobs) {
    const focused = document.activeElement?.closest?.(".jobs a")?.getAttribute("href");
    list.replaceChildren(...jobs.map(row));
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  function offerMore(next) {
    more.hidden = !next;
    more.onclick = async () => {
      // Polling would replace the older jobs by the newest page.
      clearTimeout(timer);
      try {
        const page = await json(next, { signal: gone.signal });
        list.append(...page.data.map(row));
        offerMore(page.next);
      } catch (error) {
        if (error.name !== "AbortError") state.replaceChildren(errorState(error));
      }
    };
  }

  load();
  return {
    element,
    heading,
    title: () => "Jobs",
    leave() {
      clearTimeout(timer);
      gone.abort();
    },
  };
}

function row(job) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "job", href: hrefOfJob(job.id) },
      h("span", { class: "job-line" }, h("strong", { class: "grow" }, describeJob(job)), stateOf(job)),
      meterOf(job),
      h("span", { class: "faint" }, when(job.created), job.counts.failed > 0 && `, ${job.counts.failed} failed`),
    ),
  );
}
