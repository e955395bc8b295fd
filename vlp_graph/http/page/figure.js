/** A picture with what was found in it drawn over it, and a legend that switches each thing on and off. */

import { el, svg } from "./dom.js";
import { decode, paint, silhouette } from "./masks.js";

const COLOURS = [
  "#00a99a",
  "#ff7847",
  "#8d63f4",
  "#eeb211",
  "#3b86f7",
  "#e8519b",
  "#6aa517",
  "#e5484d",
  "#12a5c8",
  "#a8712a",
];
const LAYERS = [
  ["masks", "Masks"],
  ["boxes", "Boxes"],
  ["labels", "Labels"],
];
const LONGEST_DRAWN = 1280;
const RIM = 5;
const NARROWEST_SHOWN = 560;

export class Figure {
  /** `picture` is `{url, width, height, name}`, `title` what it is called in the dialogue. */
  constructor(picture, title) {
    this.picture = picture;
    this.things = [];
    this.layers = { masks: true, boxes: true, labels: true };
    this.pointed = null;
    const scale = LONGEST_DRAWN / Math.max(picture.width, picture.height);
    const [across, down] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
    this.canvas = el("canvas", { class: "masks", width: across, height: down, "aria-hidden": "true" });
    this.boxes = svg("svg", {
      class: "boxes",
      viewBox: `0 0 ${picture.width} ${picture.height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    this.labels = el("div", { class: "labels", "aria-hidden": "true" });
    this.legend = el("ul", { class: "things" });
    this.switches = el(
      "div",
      { class: "layers", role: "group", "aria-label": "What is drawn" },
      LAYERS.map((layer) => this.switch(...layer)),
    );
    const stage = el(
      "div",
      { class: "stage" },
      el("img", { src: picture.url, alt: picture.name || title }),
      this.canvas,
      this.boxes,
      this.labels,
    );
    stage.style.setProperty("--ratio", picture.width / picture.height);
    stage.style.setProperty("--wide", `${Math.max(picture.width, NARROWEST_SHOWN)}px`);
    const caption = el("figcaption", {}, el("p", { class: "caption" }, title), this.switches, this.legend);
    this.element = el("figure", { class: "found" }, el("div", { class: "spread" }, stage, caption));
  }

  /** Draw what a result has found. */
  add(result) {
    const added = result.instances.map((instance) => this.thing(instance));
    const phrases = [...new Set(added.map((thing) => thing.phrase))];
    for (const phrase of phrases) this.legend.append(this.row(added.filter((thing) => thing.phrase === phrase)));
    this.switches.querySelector("[data-layer=masks]").hidden = !this.things.some((thing) => thing.shape);
    this.draw();
  }

  thing(instance) {
    const colour = COLOURS[this.things.length % COLOURS.length];
    const [x0, y0, x1, y1] = instance.box;
    const frame = svg("rect", { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) });
    frame.style.stroke = colour;
    const label = el("span", { class: "label" }, `${instance.phrase} ${percent(instance.score)}`);
    label.style.background = colour;
    label.style.color = ink(colour);
    const besides = this.things.filter((other) => alike(other.box, instance.box, this.picture)).length;
    place(label, instance.box, this.picture, besides);
    this.boxes.append(frame);
    this.labels.append(label);
    const thing = { ...instance, colour, frame, label, shape: this.shape(instance.mask), shown: true };
    this.things.push(thing);
    return thing;
  }

  shape(mask) {
    if (!mask || mask.size[0] !== this.picture.height || mask.size[1] !== this.picture.width) return null;
    try {
      return silhouette(decode(mask), this.canvas.width, this.canvas.height, RIM);
    } catch (error) {
      console.warn("a mask cannot be drawn", error);
      return null;
    }
  }

  /** The legend of one phrase: a switch for all, and one for each where there are several. */
  row(things) {
    if (things.length === 1)
      return el("li", {}, this.toggle(things, things[0].phrase, percent(things[0].score), things[0].colour));
    const single = things.map((thing, number) =>
      el("li", {}, this.toggle([thing], `${number + 1}`, percent(thing.score), thing.colour)),
    );
    const all = this.toggle(things, things[0].phrase, `${things.length}`, null);
    const list = el("ul", {}, single);
    const whole = all.querySelector("input");
    const singles = () => [...list.querySelectorAll("input")];
    whole.addEventListener("change", () =>
      singles().forEach((input) => {
        input.checked = whole.checked;
      }),
    );
    list.addEventListener("change", () => {
      const on = singles().filter((input) => input.checked).length;
      whole.checked = on > 0;
      whole.indeterminate = on > 0 && on < things.length;
    });
    return el("li", { class: "several" }, all, list);
  }

  toggle(things, name, detail, colour) {
    const input = el("input", {
      type: "checkbox",
      checked: true,
      change: () => {
        for (const thing of things) thing.shown = input.checked;
        this.draw();
      },
    });
    const point = (pointed) => () => {
      this.pointed = pointed;
      this.draw();
    };
    const swatch = el("span", { class: colour ? "swatch" : "swatch many", "aria-hidden": "true" });
    if (colour) swatch.style.setProperty("--colour", colour);
    const events = {
      pointerenter: point(things),
      pointerleave: point(null),
      focusin: point(things),
      focusout: point(null),
    };
    return el(
      "label",
      { class: "toggle", ...events },
      input,
      swatch,
      el("span", { class: "name" }, name),
      el("span", { class: "score" }, detail),
    );
  }

  switch(layer, name) {
    const button = el(
      "button",
      {
        type: "button",
        class: "layer",
        "data-layer": layer,
        "aria-pressed": "true",
        click: () => {
          this.layers[layer] = !this.layers[layer];
          button.setAttribute("aria-pressed", this.layers[layer]);
          this.draw();
        },
      },
      name,
    );
    return button;
  }

  draw() {
    const faint = (thing) => this.pointed !== null && !this.pointed.includes(thing);
    for (const thing of this.things) {
      thing.frame.classList.toggle("off", !thing.shown || !this.layers.boxes);
      thing.label.classList.toggle("off", !thing.shown || !this.layers.labels);
      thing.frame.classList.toggle("faint", faint(thing));
      thing.label.classList.toggle("faint", faint(thing));
    }
    const masked = this.layers.masks ? this.things.filter((thing) => thing.shown && thing.shape) : [];
    paint(
      this.canvas,
      masked.map((thing) => ({ shape: thing.shape, colour: channels(thing.colour), faint: faint(thing) })),
    );
  }
}

export const percent = (share) => `${Math.round(share * 100)} %`;

/** Whether two boxes begin so near to each other that their labels would cover each other. */
const alike = (one, other, { width, height }) =>
  Math.abs(one[0] - other[0]) < width * 0.05 && Math.abs(one[1] - other[1]) < height * 0.05;

/**
 * Above its box, or as high as the picture goes; from the side on which there is more room. `besides` tells how many
 * labels stand there: this one goes below them.
 */
function place(label, [x0, y0, x1], { width, height }, besides) {
  const share = (value, whole) => `${Math.min(Math.max((value / whole) * 100, 0), 100)}%`;
  if (x0 > width * 0.6) label.style.right = share(width - x1, width);
  else label.style.left = share(x0, width);
  label.style.top = `max(${share(y0, height)}, 1.5rem)`;
  label.style.setProperty("--besides", besides);
}

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function ink(colour) {
  const [red, green, blue] = channels(colour);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#101418" : "#ffffff";
}
