// One job: its progress, its results, and its failures with their reasons.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { json, request } from "./api.js";
import { confirmed } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { describeJob, meterOf, stateOf } from "./job_parts.js";
import { follow } from "./job_progress.js";
import { errorState, waitingState } from "./notice.js";
import { hrefOfPicture } from "./route.js";
import { squareImage } from "./showing.js";
import { number, when } from "./wording.js";

const ITEMS = 60;

/** Return the view of the job `id`; `onmade` is called when it has imported pictures. */
export function jobView({ id, onmade }) {
  const gone = new AbortController();
  const name = encodeURIComponent(id);
  const path = `${servicePath}/jobs/${name}/`;
  let known = null;
  let isListing = false;
  let isStale = false;

  const heading = h("h1", { tabindex: "-1" }, "Job");
  const progress = h("div", { class: "stack" });
  const cancel = h("button", { type: "button", class: "danger", onclick: stop }, "Cancel the job");
  const card = h("div", { class: "card stack", hidden: true }, progress, h("div", { class: "row end" }, cancel));
  const failed = listOf("Failed");
  const complete = listOf("Done");
  const trouble = h("div", {});
  const back = h("a", { class: "button quiet", href: `${servicePath}/?view=jobs` }, icon("back"), "Jobs");
  const element = h("section", { class: "stack wide" }, h("div", { class: "picture-head" }, back, heading), card, trouble, failed.element, complete.element);

  function show(job) {
    const before = known;
    known = job;
    const { total, complete: made, failed: lost, pending } = job.counts;
    const title = describeJob(job);
    heading.textContent = title;
    document.title = `${title} – ProgImage`;
    card.hidden = false;
    cancel.parentElement.hidden = job.finished !== null;
    const times = `Started ${when(job.created)}${job.finished ? `, ended ${when(job.finished)}` : ""}.`;
    progress.replaceChildren(
      h("div", { class: "job-line" }, h("strong", { class: "grow" }, `${number(made + lost)} of ${number(total)} done`), stateOf(job)),
      meterOf(job),
      h("p", { class: "faint" }, `${number(made)} succeeded, ${number(lost)} failed, ${number(pending)} left. ${times}`),
    );
    if (job.finished && before && !before.finished) say(`${title} ended: ${number(made)} succeeded, ${number(lost)} failed`);
    if (job.kind === "import" && made > (before?.counts.complete ?? 0)) onmade();
    if (before?.counts.complete !== made || before?.counts.failed !== lost) fillLists();
  }

  /** Load the lists again; calls during a load lead to at most one more. */
  async function fillLists() {
    isStale = true;
    if (isListing) return;
    isListing = true;
    try {
      while (isStale) {
        isStale = false;
        await Promise.all([fill(failed, "failed", failedItem), fill(complete, "complete", madeItem)]);
      }
    } catch (error) {
      if (error.name !== "AbortError") trouble.replaceChildren(errorState(error, fillLists));
    } finally {
      isListing = false;
    }
  }

  async function fill(list, state, item) {
    // After "Show more" the shown items stay.
    if (list.isPaged) return;
    const page = await json(`${path}?state=${state}&limit=${ITEMS}`, { signal: gone.signal });
    list.show(page.uploaded[state].map(item), known.counts[state]);
    list.offer(page.next, async (next) => {
      const following = await json(next, { signal: gone.signal });
      list.add(following.uploaded[state].map(item));
      return following.next;
    });
  }

  async function stop() {
    if (!(await confirmed("Cancel this job?", "No further items are started. Finished items stay.", "Cancel the job"))) return;
    try {
      await request(path, { method: "DELETE" });
      show(await json(`${path}?limit=0`));
      toast("Job cancelled");
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  async function load() {
    trouble.replaceChildren(waitingState());
    try {
      show(await json(`${path}?limit=0`, { signal: gone.signal }));
      trouble.replaceChildren();
      if (!known.finished) await follow(name, gone.signal, show);
    } catch (error) {
      if (error.name !== "AbortError") trouble.replaceChildren(errorState(error, error.status === 404 ? null : load));
    }
  }

  load();
  return { element, heading, title: () => heading.textContent, leave: () => gone.abort() };
}

function listOf(title) {
  const heading = h("h2", {}, title);
  const list = h("ul", { class: "items", "aria-label": title });
  const more = h("button", { type: "button", class: "more", hidden: true }, "Show more");
  const element = h("section", { class: "stack", hidden: true, "aria-label": title }, heading, list, more);
  const self = {
    element,
    isPaged: false,
    show(items, all) {
      element.hidden = items.length === 0;
      heading.textContent = `${title} (${number(all)})`;
      list.replaceChildren(...items);
    },
    add(items) {
      self.isPaged = true;
      list.append(...items);
    },
    offer(next, read) {
      more.hidden = !next;
      more.onclick = async () => {
        try {
          self.offer(await read(next), read);
        } catch (error) {
          if (error.name !== "AbortError") toast(error.message, "bad");
        }
      };
    },
  };
  return self;
}

function failedItem({ url, image, transform, error, index }) {
  const what = [url, image, transform].filter(Boolean).join(" ") || `Entry ${index + 1}`;
  return h("li", {}, h("div", { class: "grow" }, h("bdi", { class: "breaks" }, what), h("p", { class: "trouble" }, error)));
}

function madeItem({ id, image, url, transform, is_new: isNew }) {
  const picture = id ?? image;
  return h(
    "li",
    {},
    squareImage(picture, 44),
    h("a", { class: "grow breaks", href: hrefOfPicture(picture) }, h("bdi", {}, transform ?? url)),
    isNew === false && h("span", { class: "faint" }, "already stored"),
  );
}
