// The light or dark theme: that of the system, unless the user has chosen one.

import { h, icon } from "./dom.js";

// early_theme.js reads it before the first paint.
const KEY = "progimage.theme";

function systemIsDark() {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : systemIsDark();
}

/** Return the button that switches the theme. */
export function themeButton() {
  const button = h("button", { type: "button", class: "quiet round", onclick: toggle });
  function show() {
    const dark = isDark();
    button.replaceChildren(icon(dark ? "sun" : "moon"));
    button.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
    button.title = button.getAttribute("aria-label");
  }
  function toggle() {
    const theme = isDark() ? "light" : "dark";
    // The theme of the system is not stored, so that later changes of it are followed.
    if ((theme === "dark") === systemIsDark()) {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem(KEY);
    } else {
      document.documentElement.dataset.theme = theme;
      localStorage.setItem(KEY, theme);
    }
    show();
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
  return button;
}
