/** What an empty dialogue shows: what this is, and a picture to try it with. */

import { el } from "./dom.js";
import { fromFile } from "./pictures.js";

const INTRODUCTION =
  "Typed or spoken: what is in it, how many, where, which. " +
  "What is found is drawn over the picture, and the dialogue goes on from there.";
const QUESTIONS = ["Outline the red star", "How many circles are there?", "Find the hearts and the blue things"];

/** `ask(draft)` is called with a question about the sample. */
export function welcome(limits, ask) {
  const sample = async (text) => {
    const blob = await (await fetch("page/sample.jpg")).blob();
    ask({
      text,
      pictures: [await fromFile(new File([blob], "sample.jpg", { type: "image/jpeg" }), limits)],
      speech: null,
    });
  };
  const questions = QUESTIONS.map((text) =>
    el("button", { type: "button", class: "button", click: () => sample(text) }, text),
  );
  return el(
    "div",
    { class: "welcome" },
    el("h2", {}, "Show a picture and ask"),
    el("p", {}, INTRODUCTION),
    el(
      "div",
      { class: "sample" },
      el("img", { src: "page/sample.jpg", alt: "Coloured shapes", width: 320, height: 240 }),
      el("div", { class: "questions" }, el("p", {}, "Or try this one:"), questions),
    ),
  );
}
