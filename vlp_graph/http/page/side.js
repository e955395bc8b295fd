/** The side with the list of dialogues; on a narrow screen it slides in over the page. */

import { readiness } from "./api.js";
import { byId, el, icon } from "./dom.js";
import { isDark, switchTheme } from "./theme.js";

const ASK_AGAIN_MS = 4000;
const FORGET_WITHIN_MS = 4000;

export class Side {
  /** `open(id)`, `begin()` and `forget(id)` are called as people choose. */
  constructor({ open, begin, forget }) {
    this.calls = { open, begin, forget };
    this.narrow = matchMedia("(max-width: 860px)");
    byId("new").addEventListener("click", () => {
      this.slide(false);
      begin();
    });
    byId("menu").addEventListener("click", () => this.slide(byId("side").inert));
    byId("veil").addEventListener("click", () => this.slide(false));
    byId("side").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.slide(false);
    });
    this.narrow.addEventListener("change", () => this.slide(false));
    byId("theme").addEventListener("click", () => {
      switchTheme();
      this.theme();
    });
    this.slide(false);
    this.theme();
    this.status();
  }

  slide(open) {
    const shown = open && this.narrow.matches;
    byId("side").inert = this.narrow.matches && !shown;
    byId("side").classList.toggle("open", shown);
    byId("veil").hidden = !shown;
    byId("menu").setAttribute("aria-expanded", shown);
    if (shown) byId("new").focus();
    else if (byId("side").contains(document.activeElement)) byId("menu").focus();
  }

  theme() {
    byId("theme").setAttribute("aria-pressed", isDark());
  }

  show(entries, current) {
    byId("sessions").replaceChildren(...entries.map((entry) => this.row(entry, entry.id === current)));
  }

  row(entry, current) {
    const open = () => {
      this.slide(false);
      this.calls.open(entry.id);
    };
    const title = el(
      "button",
      { type: "button", class: "open", "aria-current": current ? "true" : null, click: open },
      entry.title,
    );
    const forget = el(
      "button",
      { type: "button", class: "forget", "aria-label": `Forget ${entry.title}`, title: "Forget here" },
      icon("trash"),
    );
    forget.addEventListener("click", () => {
      if (forget.classList.contains("sure")) return this.calls.forget(entry.id);
      forget.classList.add("sure");
      forget.replaceChildren("Forget?");
      const calm = () => {
        forget.classList.remove("sure");
        forget.replaceChildren(icon("trash"));
      };
      forget.addEventListener("blur", calm, { once: true });
      setTimeout(calm, FORGET_WITHIN_MS);
    });
    return el("li", {}, title, forget);
  }

  async status() {
    const seen = await readiness();
    const state = seen === null ? "away" : seen.status === "ready" ? "ready" : "loading";
    byId("status").dataset.state = state;
    const missing = seen?.missing?.length ? `Loading ${seen.missing.join(", ")}` : "The models are loading";
    byId("status-text").textContent = {
      away: "The server cannot be reached",
      ready: "All models are up",
      loading: missing,
    }[state];
    if (state !== "ready") setTimeout(() => this.status(), ASK_AGAIN_MS);
  }
}
