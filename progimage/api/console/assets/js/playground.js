// The playground: add, edit and reorder the steps of a pipeline, and see the result at once.

import { say } from "./announce.js";
import { transformList } from "./api.js";
import { debounced, h, icon, uniqueId } from "./dom.js";
import { errorState } from "./notice.js";
import { parse, pathOf, stepText } from "./pipeline.js";
import { hrefOfPicture, note } from "./route.js";
import { schemaField } from "./schema_field.js";
import { isOpen } from "./service.js";
import { count } from "./wording.js";

/**
 * Return `{element, show()}` of the playground of a record, which shows its results in `view`.
 *
 * It starts with `pipeline`, a text as in a URL. After `signal` fired it shows nothing more.
 */
export function playground(record, view, signal, pipeline) {
  const element = h("div", { class: "stack" });
  let steps = [];
  let format = "";
  let operations = new Map();
  let running = null;
  let ready = false;

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
    element.replaceChildren(
      h("h2", {}, "Steps"),
      ...(isOpen() ? [] : [h("p", { class: "notice" }, "This service renders only its presets for everybody. Other transforms need a signed link, or are not available.")]),
      hint,
      list,
      adder(all),
      h("div", { class: "field" }, h("label", { for: formatId }, "Format"), formats),
      trouble,
    );
    ready = true;
    showSteps();
    render();
  }

  function adder(all) {
    const filter = h("input", {
      type: "search",
      placeholder: "Find an operation",
      "aria-label": "Find an operation",
      autocomplete: "off",
      oninput: () => narrow(filter.value),
      onkeydown: (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        buttons.find((button) => !button.hidden)?.click();
      },
    });
    const buttons = all.map((operation) =>
      h("button", { type: "button", class: "pill", title: operation.summary, "aria-label": `Add ${operation.name}`, dataset: { words: `${operation.name} ${operation.aliases.join(" ")} ${operation.summary}`.toLowerCase() }, onclick: () => add(operation) }, operation.name),
    );
    const none = h("p", { class: "faint", hidden: true }, "No operation has this name.");
    function narrow(text) {
      const wanted = text.trim().toLowerCase();
      for (const button of buttons) button.hidden = !button.dataset.words.includes(wanted);
      none.hidden = buttons.some((button) => !button.hidden);
    }
    return h("div", { class: "adder stack", role: "group", "aria-label": "Add a step" }, filter, h("div", { class: "pills" }, buttons), none);
  }

  function add(operation) {
    // A preset with further steps is another transform, which is not allowed here.
    if (!isOpen()) steps = [];
    steps.push({ name: operation.name, values: startingValues(operation) });
    showSteps();
    say(`${operation.name} added as step ${steps.length}`);
    list.lastElementChild.querySelector("input, select, button").focus({ preventScroll: true });
    list.lastElementChild.scrollIntoView({ block: "nearest" });
    render();
  }

  function move(at, by) {
    const [step] = steps.splice(at, 1);
    steps.splice(at + by, 0, step);
    showSteps();
    say(`${step.name} is step ${at + by + 1} now`);
    const moved = list.children[at + by];
    const button = moved.querySelector(by < 0 ? ".move-up" : ".move-down");
    (button.disabled ? moved.querySelector(".remove") : button).focus();
    render();
  }

  function remove(at) {
    const [step] = steps.splice(at, 1);
    showSteps();
    say(`${step.name} removed, ${count(steps.length, "step")} left`);
    const next = list.children[Math.min(at, steps.length - 1)];
    (next?.querySelector(".remove") ?? element.querySelector(".adder input")).focus();
    render();
  }

  function showSteps() {
    list.replaceChildren(...steps.map((step, at) => card(step, at)));
    list.hidden = steps.length === 0;
    hint.hidden = steps.length > 0;
  }

  function card(step, at) {
    const operation = operations.get(step.name);
    const { properties, required } = operation.arguments;
    const fields = Object.entries(properties).map(([name, schema]) => [
      name,
      schemaField(name, schema, step.values[name], required.includes(name), (value) => {
        step.values[name] = value;
        soon();
      }),
    ]);
    const main = fields.filter(([name], index) => required.includes(name) || index < 2 || step.values[name]);
    const rest = fields.filter((field) => !main.includes(field));
    return h(
      "li",
      { class: "step", dataset: { name: step.name } },
      h(
        "div",
        { class: "step-head" },
        h("strong", {}, step.name),
        control("up", "move-up", `Move ${step.name} up`, () => move(at, -1), at === 0),
        control("down", "move-down", `Move ${step.name} down`, () => move(at, 1), at === steps.length - 1),
        control("close", "remove", `Remove ${step.name}`, () => remove(at), false),
      ),
      h("p", { class: "hint" }, operation.summary),
      main.length > 0 && h("div", { class: "grid two" }, main.map(([, field]) => field)),
      rest.length > 0 && h("details", {}, h("summary", {}, "More"), h("div", { class: "grid two" }, rest.map(([, field]) => field))),
    );
  }

  function control(drawing, name, label, action, disabled) {
    return h("button", { type: "button", class: `quiet round ${name}`, "aria-label": label, title: label, disabled, onclick: action }, icon(drawing));
  }

  async function render() {
    running?.abort();
    running = new AbortController();
    const mine = running;
    const texts = steps.map((step) => stepText(step, operations.get(step.name).arguments.properties));
    const text = texts.join("/") + (format ? `.${format}` : "");
    note(`${hrefOfPicture(record.id)}&${new URLSearchParams({ pipeline: text })}`);
    showTrouble(null);
    if (!texts.length && !format) {
      view.showOriginal();
      return;
    }
    try {
      await view.showRendition(pathOf(record.id, texts, format), AbortSignal.any([mine.signal, signal]));
    } catch (error) {
      if (error.name === "AbortError" || mine !== running) return;
      if (view.isEmpty()) view.showOriginal();
      showTrouble(error);
    }
  }

  function showTrouble(error) {
    for (const step of list.children) step.classList.remove("wrong");
    trouble.replaceChildren();
    if (!error) return;
    trouble.append(errorState(error));
    const name = /^(\w+)(?:\.\w+)?:/.exec(error.message)?.[1];
    list.querySelector(`[data-name="${CSS.escape(name ?? "")}"]`)?.classList.add("wrong");
  }

  function start() {
    transformList()
      .then(build)
      .catch((error) => element.replaceChildren(errorState(error, start)));
  }

  start();
  return { element, show: () => ready && render() };
}

/** Return the values of the operation's example, so that a new step has a visible effect. */
function startingValues(operation) {
  return parse(operation.example, [operation], []).steps[0]?.values ?? {};
}

/** Return a preset, a named pipeline of the settings, as an operation without arguments. */
function asOperation([name, text]) {
  const summary = `Preset for ${text}`;
  return { name, summary, example: name, aliases: [], positional: [], arguments: { properties: {}, required: [] } };
}
