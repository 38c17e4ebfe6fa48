// Creates elements from data. Nothing in the console parses markup, so text always stays text.
// The page's Trusted Types policy makes the browser enforce this.

/**
 * Create an element.
 *
 * In `props`, `on*` are listeners, and `style` and `dataset` are objects that are merged into
 * those of the element. Null and false omit an attribute, true sets it without a value. `value`,
 * `checked` and the like are set as properties, all others as attributes.
 */
export function h(name, props = {}, ...children) {
  return filled(document.createElement(name), props, children);
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "textContent", "indeterminate"]);

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) {
      if (PROPERTIES.has(name) && value === false) element[name] = false;
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name === "style" || name === "dataset") {
      for (const [key, item] of Object.entries(value)) {
        if (key.startsWith("--")) element.style.setProperty(key, item);
        else element[name][key] = item;
      }
    } else if (PROPERTIES.has(name)) {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm5-2 4.5 4.5",
  filter: "M4 7h16M7 12h10M10 17h4",
  album: "M4 8h16v12H4zM7 8V4.5h10V8M8 16l3-3 2.5 2.5 2-1.5 2.5 2",
  earlier: "M20 12H6m5-6-6 6 6 6",
  later: "M4 12h14m-5-6 6 6-6 6",
  layers: "M12 4l9 5-9 5-9-5zM3.5 13.5 12 18l8.5-4.5",
  pen: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  plus: "M12 5v14M5 12h14",
  copy: "M9 9h10v11H9zM5 15V4h10",
  lock: "M6 11h12v9H6zm2.5 0V8a3.5 3.5 0 0 1 7 0v3",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2.5v2m0 15v2m9.5-9.5h-2m-15 0h-2m16.2-6.7-1.4 1.4M6.7 17.3l-1.4 1.4m13.4 0-1.4-1.4M6.7 6.7 5.3 5.3",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8.5c.8-3.6 4-5.5 8-5.5s7.2 1.9 8 5.5",
  leave: "M14 4h4a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-4M9 8l-4 4 4 4m-4-4h10",
  retry: "M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5",
  trash: "M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
  untag: "M4 4h8l8 8-4 4M12 20l-8-8V4M4 4l16 16",
  share: "M18 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zm12 6.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.2 10.8l7.6-4M8.2 13.2l7.6 4",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm-2.5-11a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8m0 2.5h.01",
  crop: "M7 2.5V17h14.5M2.5 7H17v14.5",
  zoomIn: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zm4.7-1.8L20.5 20.5M10.5 7.8v5.4M7.8 10.5h5.4",
  zoomOut: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zm4.7-1.8L20.5 20.5M7.8 10.5h5.4",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  forward: "M9 5l7 7-7 7",
  focus: "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 2.5v4m0 11v4M2.5 12h4m11 0h4",
  check: "M5 12.5l4.5 4.5L19 7",
  picture: "M4 5h16v14H4zm0 11 5-5 4 4 3-3 4 4M15.5 9.5h.01",
  download: "M12 4v12m0 0 5-5m-5 5-5-5M4 20h16",
  open: "M14 4h6v6m0-6-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5",
};

/** Return a decorative icon for a control, which needs an accessible name of its own. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

let count = 0;

/** Return a unique id, to connect a label or a description to a control. */
export function uniqueId(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}

/** Return a function that calls `action` once, `delay` ms after its last call, unless `cancel()`led. */
export function debounced(action, delay) {
  let timer = 0;
  const later = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), delay);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
