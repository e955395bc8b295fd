/** The whole reply to take along, as JSON: copied or downloaded. */

import { el, icon } from "./dom.js";

/** The buttons. Browsers give the clipboard only to pages over https, or on localhost. */
export function copies(completion) {
  return [
    navigator.clipboard && action("copy", "Copy JSON", (button) => copy(button, completion)),
    action("download", "Download JSON", () => download(completion)),
  ].filter(Boolean);
}

function action(drawing, name, act) {
  const button = el(
    "button",
    { type: "button", class: "quiet", click: () => act(button) },
    icon(drawing),
    el("span", {}, name),
  );
  return button;
}

async function copy(button, completion) {
  const label = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(JSON.stringify(completion, null, 2));
    label.textContent = "Copied";
  } catch {
    label.textContent = "Not allowed to copy";
  }
  setTimeout(() => {
    label.textContent = "Copy JSON";
  }, 1600);
}

function download(completion) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(completion, null, 2)], { type: "application/json" }));
  el("a", { href: url, download: "answer.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
