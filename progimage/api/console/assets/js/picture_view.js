// One picture, with its metadata and its transforms.

import { servicePath } from "./service_path.js";
import { say, toast } from "./announce.js";
import { json, request } from "./api.js";
import { confirmed } from "./dialogs.js";
import { h, icon, uniqueId } from "./dom.js";
import { focalPoint } from "./focal_point.js";
import { metadataForm } from "./metadata_form.js";
import { errorState, waitingState } from "./notice.js";
import { playground } from "./playground.js";
import { recordEdits } from "./record_edits.js";
import { cameFrom, go, hrefOfList, hrefOfNear, hrefOfPicture, note } from "./route.js";
import { share } from "./share_dialog.js";
import { stage } from "./stage.js";
import { trashDays } from "./trash_view.js";
import { bytes, count, nameOf, number, when } from "./wording.js";

/**
 * Return the view of the picture `id`. With a `pipeline` the playground is open and starts with
 * it; with null the details are open. `onchanged` gets the id and the new record, or null after
 * the picture is deleted. `neighbours` returns the ids of the `previous` and the `next` picture
 * of the list, if there are any; it may take a while.
 */
export function pictureView({ id, pipeline, onchanged, neighbours }) {
  const heading = h("h1", { tabindex: "-1" }, "Picture");
  const body = h("div", { class: "picture-body" });
  const list = hrefOfList();
  const back = h("a", { class: "button quiet", href: list.href, onclick: goBack }, icon("back"), list.name);
  const steps = h("div", { class: "row steps-between" });
  const use = h("button", { type: "button", class: "primary", hidden: true }, icon("share"), h("span", {}, "Share"));
  const element = h("section", { class: "picture" }, h("div", { class: "picture-head" }, back, heading, use, steps), body);
  const gone = new AbortController();
  let title = "Picture";

  function goBack(event) {
    // Go back in the history if the last view was the list, which then keeps its position.
    if (event.button !== 0 || event.metaKey || event.ctrlKey) return;
    if (cameFrom() === list.view) {
      event.preventDefault();
      history.back();
    }
  }

  /** Links to the pictures before and after this one in the gallery. */
  async function showSteps() {
    const { previous, next } = await neighbours(id);
    const step = (to, drawing, label, key) =>
      to && h("a", { class: "button quiet round", href: hrefOfPicture(to), "aria-label": label, title: `${label} (${key})`, onclick: (event) => follow(event, to) }, icon(drawing));
    steps.replaceChildren(...[step(previous, "back", "Previous picture", "←"), step(next, "forward", "Next picture", "→")].filter(Boolean));
  }

  /** Show another picture in place of this one: Back leads to the gallery. */
  function follow(event, to) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    turn(to);
  }

  function turn(to) {
    if (to) go(hrefOfPicture(to), { replace: true });
  }

  async function load() {
    body.replaceChildren(waitingState());
    showSteps();
    try {
      const response = await request(`${servicePath}/images/${encodeURIComponent(id)}/metadata/`, { signal: gone.signal });
      show(await response.json(), response.headers.get("ETag"));
    } catch (error) {
      if (error.name !== "AbortError") body.replaceChildren(errorState(error, error.status === 404 ? null : load));
    }
  }

  function rename(record) {
    title = nameOf(record);
    heading.replaceChildren(h("bdi", {}, title));
    document.title = `${title} – ProgImage`;
  }

  function show(record, etag) {
    rename(record);
    const view = stage(record, gone.signal);
    let shown = record;
    use.hidden = false;
    use.onclick = () => share(shown, new URLSearchParams(location.search).get("pipeline") ?? "");
    const edit = recordEdits(id);
    const form = metadataForm(record, etag, edit, (edited) => {
      rename(edited);
      shown = edited;
      view.replace(edited);
      onchanged(id, edited);
    });
    const focus = focalPoint(record, view.surface, edit, (edited, version) => {
      shown = edited;
      form.refresh(edited, version);
      onchanged(id, edited);
    });
    const details = h("div", { class: "stack wide" }, form.element, focus.element, factsOf(record), maintenanceOf(record));
    let player = null;
    const play = h("div", { class: "stack" });
    const tabs = tabbed([
      ["Details", details, () => {
        note(hrefOfPicture(id));
        player?.hide();
        view.showOriginal();
      }],
      ["Transform", play, () => {
        focus.close();
        player ??= playground(record, view, gone.signal, pipeline ?? "");
        if (!play.children.length) play.append(player.element);
        player.show();
      }],
    ]);
    body.replaceChildren(view.element, tabs.element);
    tabs.choose(pipeline === null ? 0 : 1);
  }

  function maintenanceOf(record) {
    const purge = h("button", { type: "button", onclick: () => purgeRenders(purge) }, icon("retry"), "Purge renditions");
    const remove = h(
      "button",
      { type: "button", class: "danger", onclick: () => removePicture(record) },
      icon("trash"),
      "Delete picture",
    );
    return h(
      "section",
      { class: "stack", "aria-label": "Maintenance" },
      h("h2", {}, "Maintenance"),
      h("p", { class: "faint" }, "Purged renditions are rendered again at the next request. Deleting also removes the original."),
      h("div", { class: "row" }, purge, remove),
    );
  }

  async function purgeRenders(button) {
    button.disabled = true;
    try {
      const { purged } = await json(`${servicePath}/images/${id}/renders/`, { method: "DELETE" });
      toast(`${count(purged, "rendition")} purged`);
    } catch (error) {
      toast(error.message, "bad");
    } finally {
      button.disabled = false;
    }
  }

  async function removePicture(record) {
    const days = await trashDays();
    const end = days ? `go to the trash, where they can be restored for ${count(days, "day")}` : "be deleted permanently";
    const question = `“${nameOf(record)}” and all its renditions will ${end}.`;
    if (!(await confirmed("Delete this picture?", question, "Delete"))) return;
    try {
      await request(`${servicePath}/images/${id}/`, { method: "DELETE" });
    } catch (error) {
      toast(error.message, "bad");
      return;
    }
    const { previous, next } = await neighbours(id);
    onchanged(id, null);
    toast(days ? "Picture moved to the trash" : "Picture deleted");
    if (next ?? previous) turn(next ?? previous);
    else if (cameFrom() === list.view) history.back();
    else go(list.href);
  }

  load().then(() => say(title));
  return {
    element,
    heading,
    imageId: id,
    title: () => title,
    leave: () => gone.abort(),
    /** Go to the picture before (-1) or after (1) this one. */
    async step(by) {
      const { previous, next } = await neighbours(id);
      turn(by < 0 ? previous : next);
    },
    close: () => back.click(),
  };
}

function factsOf(record) {
  const facts = [
    ["File", record.file_name && h("bdi", {}, record.file_name)],
    ["Type", record.media_type],
    ["Size", `${number(record.width)} × ${number(record.height)} pixels, ${bytes(record.size_bytes)}`],
    ["Frames", record.frames > 1 && number(record.frames)],
    ["Main colour", h("span", {}, h("span", { class: "swatch", style: { background: record.dominant_colour } }), record.dominant_colour)],
    ["Taken", record.capture?.taken && when(record.capture.taken)],
    ["Camera", [record.capture?.camera, record.capture?.lens].filter(Boolean).join(", ")],
    ["Exposure", exposureOf(record.capture)],
    ["Place", record.place && `${record.place.latitude}, ${record.place.longitude}`],
    ["Owner", record.owner && h("bdi", {}, record.owner)],
    ["Uploaded", when(record.created)],
    ["Id", h("code", { class: "breaks" }, record.id)],
  ];
  return h(
    "section",
    { class: "stack", "aria-label": "Facts" },
    h("h2", {}, "Facts"),
    h("div", { class: "row" }, h("a", { class: "button", href: hrefOfNear(record.id) }, icon("search"), "Looks like this")),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
  );
}

function exposureOf(capture) {
  if (!capture) return "";
  const { exposure_s: seconds, f_number: aperture, iso, focal_length_mm: length } = capture;
  const time = seconds && (seconds < 0.4 ? `1/${Math.round(1 / seconds)} s` : `${seconds} s`);
  return [time, aperture && `f/${aperture}`, iso && `ISO ${iso}`, length && `${length} mm`].filter(Boolean).join(", ");
}

/** Tabs as WAI-ARIA Authoring Practices describe them: arrows move, the chosen one is shown. */
function tabbed(tabs) {
  const buttons = tabs.map(([name], at) =>
    h("button", { type: "button", role: "tab", id: uniqueId("tab"), onclick: () => choose(at), onkeydown: (event) => onKey(event, at) }, name),
  );
  const panels = tabs.map(([, content], at) =>
    h("div", { role: "tabpanel", id: uniqueId("panel"), "aria-labelledby": buttons[at].id }, content),
  );
  buttons.forEach((button, at) => button.setAttribute("aria-controls", panels[at].id));

  function choose(chosen) {
    buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", String(at === chosen));
      button.tabIndex = at === chosen ? 0 : -1;
      panels[at].hidden = at !== chosen;
    });
    tabs[chosen][2]();
  }

  function onKey(event, at) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = (at + step + tabs.length) % tabs.length;
    buttons[to].focus();
    choose(to);
  }

  const element = h("div", { class: "side" }, h("div", { class: "tabs", role: "tablist", "aria-label": "About this picture" }, buttons), panels);
  return { element, choose };
}
