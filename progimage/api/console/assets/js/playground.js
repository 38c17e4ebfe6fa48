// The playground: add, edit and reorder the steps of a pipeline, and see the result at once.

import { say } from "./announce.js";
import { transformList } from "./api.js";
import { cropFrame, frameOf } from "./crop_frame.js";
import { debounced, h, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { operationList } from "./operation_list.js";
import { parse, pathOf, stepText } from "./pipeline.js";
import { hrefOfPicture, note } from "./route.js";
import { isOpen } from "./service.js";
import { stepCard } from "./step_card.js";
import { clearStepErrors, showStepError } from "./step_error.js";
import { count } from "./wording.js";

/**
 * Return `{element, show(), hide()}` of the playground of a record, which shows its results in `view`.
 *
 * It starts with `pipeline`, a text as in a URL. After `signal` fired it shows nothing more.
 */
export function playground(record, view, signal, pipeline) {
  const element = h("div", { class: "stack" });
  let steps = [];
  let format = "";
  let operations = new Map();
  let running = new AbortController();
  let ready = false;
  let adder = null;
  let framing = null;

  const list = h("ol", { class: "steps", "aria-label": "Steps" });
  const hint = h("p", { class: "faint" }, "Add a step to see the result.");
  const trouble = h("div", {});
  const formatId = uniqueId("format");
  const formats = h("select", {
    id: formatId,
    onchange: () => {
      format = formats.value;
      render();
    },
  });
  const soon = debounced(() => render(), 350);

  function build({ operations: declared, formats: known, presets }) {
    // The format has a field of its own. Only documents have a page to choose.
    const all = Object.entries(presets).map(asOperation);
    const leftOut = record.pages > 1 ? ["format"] : ["format", "page"];
    if (isOpen()) all.unshift(...declared.filter(({ name }) => !leftOut.includes(name)));
    operations = new Map(all.map((operation) => [operation.name, operation]));
    const writable = known.filter((form) => form.writable);
    ({ steps, format } = parse(pipeline, all, [...writable.map((form) => form.extension), "auto"]));
    formats.append(
      h("option", { value: "" }, "Same as the original"),
      h("option", { value: "auto" }, "Best for the client"),
      ...writable.map((form) => h("option", { value: form.extension }, form.name.toUpperCase())),
    );
    formats.value = format;
    adder = operationList(all, add);
    element.replaceChildren(
      h("h2", {}, "Steps"),
      ...(isOpen() ? [] : [h("p", { class: "notice" }, "This service renders only its presets for everybody. Other transforms need a signed link, or are not available.")]),
      hint,
      list,
      trouble,
      h("div", { class: "field" }, h("label", { for: formatId }, "Format"), formats),
      h("h2", {}, "Add a step"),
      adder.element,
    );
    ready = true;
    showSteps();
    render();
  }

  function add(operation) {
    // A preset with further steps is another transform, which is not allowed here.
    if (!isOpen()) steps = [];
    steps.push({ name: operation.name, values: startingValues(operation) });
    showSteps();
    say(`${operation.label} added as step ${steps.length}`);
    list.lastElementChild.querySelector("input, select, button").focus({ preventScroll: true });
    list.lastElementChild.scrollIntoView({ block: "nearest" });
    render();
  }

  function move(at, by) {
    const [step] = steps.splice(at, 1);
    steps.splice(at + by, 0, step);
    showSteps();
    say(`${labelOf(step)} is step ${at + by + 1} now`);
    const moved = list.children[at + by];
    const button = moved.querySelector(by < 0 ? ".move-up" : ".move-down");
    (button.disabled ? moved.querySelector(".remove") : button).focus();
    render();
  }

  function remove(at) {
    const [step] = steps.splice(at, 1);
    showSteps();
    say(`${labelOf(step)} removed, ${count(steps.length, "step")} left`);
    const next = list.children[Math.min(at, steps.length - 1)]?.querySelector(".remove");
    if (next) next.focus();
    else adder.focus();
    render();
  }

  const labelOf = (step) => operations.get(step.name).label;

  function showSteps() {
    endFraming();
    list.replaceChildren(
      ...steps.map((step, at) =>
        stepCard(step, operations.get(step.name), {
          at,
          count: steps.length,
          onchange: () => changed(step),
          onmove: (by) => move(at, by),
          onremove: () => remove(at),
          onframe: () => frame(step, list.children[at]),
        }),
      ),
    );
    list.hidden = steps.length === 0;
    hint.hidden = steps.length > 0;
  }

  function changed(step) {
    if (framing?.step === step) framing.follow();
    else {
      endFraming();
      view.setStale("Making a new one …");
    }
    soon();
  }

  /** Let people drag the part that a step cuts out, over the picture as it is before the step. */
  async function frame(step, card) {
    const button = card.querySelector(".frame-button");
    if (framing) {
      endFraming();
      render();
      return;
    }
    soon.cancel();
    running.abort();
    running = new AbortController();
    const mine = running;
    const before = textsOf(steps.slice(0, steps.indexOf(step)));
    let size = record;
    try {
      if (before.length) {
        const image = await view.showRendition(pathOf(record.id, before, ""), AbortSignal.any([mine.signal, signal]));
        size = image && { width: image.naturalWidth, height: image.naturalHeight };
      } else {
        view.showOriginal();
      }
    } catch (error) {
      if (error.name !== "AbortError") showTrouble(error);
      return;
    }
    if (mine !== running || !size || !view.surface()) return;
    showTrouble(null);
    const control = cropFrame(view.surface(), size, frameOf(step.values, size), {
      onchange: ({ x, y, width, height }) => {
        // A gravity goes with a size alone.
        for (const [name, value] of Object.entries({ x, y, width, height, gravity: "" })) {
          step.values[name] = String(value);
          card.querySelector(`[name="${name}"]`).value = step.values[name];
        }
        soon();
      },
      onclose: () => {
        endFraming();
        render();
        button.focus();
      },
    });
    framing = { step, button, control, follow: () => control.set(frameOf(step.values, size)) };
    button.setAttribute("aria-pressed", "true");
    button.lastChild.textContent = "Done";
    button.after(control.ratios);
    control.focus();
    view.surface().scrollIntoView({ block: "nearest" });
  }

  function endFraming() {
    if (!framing) return;
    framing.control.close();
    framing.control.ratios.remove();
    framing.button.setAttribute("aria-pressed", "false");
    framing.button.lastChild.textContent = "Drag a frame";
    framing = null;
  }

  const textsOf = (some) => some.map((step) => stepText(step, operations.get(step.name).arguments.properties));

  async function render() {
    soon.cancel();
    const texts = textsOf(steps);
    const text = texts.join("/") + (format ? `.${format}` : "");
    note(`${hrefOfPicture(record.id)}&${new URLSearchParams({ pipeline: text })}`);
    if (framing) return;
    running.abort();
    running = new AbortController();
    const mine = running;
    showTrouble(null);
    if (!texts.length && !format) {
      view.showOriginal();
      return;
    }
    view.setStale("Making a new one …");
    try {
      await view.showRendition(pathOf(record.id, texts, format), AbortSignal.any([mine.signal, signal]));
    } catch (error) {
      if (error.name === "AbortError" || mine !== running) return;
      if (view.isEmpty()) view.showOriginal();
      showTrouble(error);
      view.setStale("Outdated: the steps have an error");
    }
  }

  function showTrouble(error) {
    clearStepErrors(list);
    trouble.replaceChildren();
    if (error && !showStepError(list, error)) trouble.append(errorState(error));
  }

  function start() {
    transformList()
      .then(build)
      .catch((error) => element.replaceChildren(errorState(error, start)));
  }

  start();
  return {
    element,
    show: () => ready && render(),
    hide() {
      soon.cancel();
      running.abort();
      endFraming();
    },
  };
}

/** Return the values of the operation's example, so that a new step has a visible effect. */
function startingValues(operation) {
  return parse(operation.example, [operation], []).steps[0]?.values ?? {};
}

/** Return a preset, a named pipeline of the settings, as an operation without arguments. */
function asOperation([name, text]) {
  const summary = `Preset for ${text}`;
  return { name, label: name, group: "Presets", summary, example: name, aliases: [], positional: [], arguments: { properties: {}, required: [] } };
}
