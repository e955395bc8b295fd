/** Dark or light: as the system has it, until a person says otherwise. Loaded before the first paint. */

import { stored } from "./stored.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const choice = stored(() => localStorage, "vlp.theme");

export const isDark = () => (choice.get() ?? (dark.matches ? "dark" : "light")) === "dark";

export function switchTheme() {
  const wanted = isDark() ? "light" : "dark";
  choice.set(wanted === (dark.matches ? "dark" : "light") ? null : wanted);
  apply();
}

function apply() {
  if (choice.get()) document.documentElement.dataset.theme = choice.get();
  else delete document.documentElement.dataset.theme;
}

apply();
