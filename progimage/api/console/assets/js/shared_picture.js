// One picture of an album that was shared by a link: only the picture, with steps to its neighbours.

import { picturesPath } from "./albums.js";
import { h, icon } from "./dom.js";
import { errorState, waitingState } from "./notice.js";
import { pagesFrom } from "./pages.js";
import { go, hrefOfShared, hrefOfSharedPicture } from "./route.js";
import { frameOf, placeholder, screenImage, sized } from "./showing.js";
import { nameOf } from "./wording.js";

/** Return the view of the picture `image` of the album `id`; `signature` is that of the link. */
export function sharedPictureView({ id, signature, image }) {
  const gone = new AbortController();
  const heading = h("h1", { tabindex: "-1" }, "Picture");
  const back = h("a", { class: "button quiet", href: hrefOfShared(id, signature) }, icon("back"), "Album");
  const steps = h("div", { class: "row steps-between" });
  const body = h("div", { class: "stage" }, waitingState());
  const element = h("section", { class: "picture" }, h("div", { class: "picture-head" }, back, heading, steps), body);
  let beside = {};

  async function load() {
    try {
      const records = [];
      for await (const page of pagesFrom(picturesPath(id, signature), { signal: gone.signal })) {
        records.push(...page.data);
        const at = records.findIndex((record) => record.id === image);
        if (at >= 0 && (at + 1 < records.length || !page.next)) return show(records, at);
      }
      throw Object.assign(new Error("This picture is not in the album any more."), { title: "Not found" });
    } catch (error) {
      if (error.name !== "AbortError") body.replaceChildren(errorState(error));
    }
  }

  function show(records, at) {
    const record = records[at];
    beside = { previous: records[at - 1]?.id, next: records[at + 1]?.id };
    heading.replaceChildren(h("bdi", {}, nameOf(record)));
    document.title = `${nameOf(record)} – ProgImage`;
    body.replaceChildren(frameOf(record, sized(record.width, record.height, placeholder(record), screenImage(record))));
    steps.replaceChildren(...[step(beside.previous, "back", "Previous picture"), step(beside.next, "forward", "Next picture")].filter(Boolean));
  }

  const step = (to, drawing, label) => to && h("a", { class: "button quiet round", href: hrefOfSharedPicture(to, id, signature), "aria-label": label, title: label }, icon(drawing));

  load();
  return {
    element,
    heading,
    imageId: image,
    title: () => heading.textContent,
    leave: () => gone.abort(),
    step(by) {
      const to = by < 0 ? beside.previous : beside.next;
      if (to) go(hrefOfSharedPicture(to, id, signature), { replace: true });
    },
    close: () => back.click(),
  };
}
