/** One turn as it is seen: what was asked, what is being done about it, what was found, and the answer. */

import { copies } from "./copies.js";
import { el } from "./dom.js";
import { Figure } from "./figure.js";
import { Trace } from "./trace.js";
import { trouble } from "./trouble.js";

export class TurnView {
  /** `draft` is `{text, pictures, speech}`; `known` are the pictures of the dialogue before it. */
  constructor(draft, known, number) {
    this.pictures = [...known, ...draft.pictures];
    this.figures = new Map();
    this.answer = "";
    this.question = el("p", { class: "question" }, draft.text);
    this.question.hidden = !draft.text;
    this.trace = new Trace(this.pictures.length > 1);
    this.found = el("div", { class: "figures" });
    this.words = el("p", { class: "words" });
    this.after = el("div", { class: "after" });
    const reply = el("div", { class: "reply" }, this.trace.element, this.found, this.words, this.after);
    this.element = el(
      "article",
      { class: "turn running", "aria-label": `Turn ${number}`, "aria-busy": "true" },
      this.asked(draft, known.length),
      reply,
    );
  }

  asked(draft, before) {
    const several = this.pictures.length > 1;
    const shown = draft.pictures.map((picture, at) =>
      el(
        "figure",
        { class: "sent" },
        el("img", { src: picture.url, alt: picture.name || "picture", width: picture.width, height: picture.height }),
        several && el("figcaption", {}, title(before + at)),
      ),
    );
    const speech =
      draft.speech &&
      el("audio", { controls: true, src: URL.createObjectURL(draft.speech.blob), "aria-label": "What was spoken" });
    return el(
      "div",
      { class: "asked" },
      shown.length > 0 && el("div", { class: "sent-row" }, shown),
      speech,
      this.question,
    );
  }

  /** One event before the words. */
  told(event) {
    if (event.type === "transcript") this.heard(event.transcript);
    else if (event.type === "intent") this.trace.understood(event.intent);
    else if (event.type === "plan") this.trace.planned(event.plan);
    else if (event.type === "result") this.finished(event.result);
  }

  heard(transcript) {
    this.question.hidden = false;
    this.question.append(this.question.textContent ? " " : "", el("q", { class: "heard" }, transcript || "nothing"));
    this.trace.say("Understanding");
  }

  finished(result) {
    this.trace.finished(result);
    if (result.instances?.length) this.figure(result.image ?? this.pictures.length - 1)?.add(result);
  }

  figure(index) {
    const picture = this.pictures[index];
    if (!picture) {
      const text = "This was found in a picture that this browser does not have. Show it again to see where.";
      if (!this.found.querySelector(".lost")) this.found.append(el("p", { class: "lost" }, text));
      return null;
    }
    if (!this.figures.has(index)) {
      this.figures.set(index, new Figure(picture, title(index)));
      this.found.append(this.figures.get(index).element);
    }
    return this.figures.get(index);
  }

  say(words) {
    if (!this.answer) this.trace.say("Writing");
    this.answer += words;
    this.words.append(words);
  }

  /** The turn has been answered; `completion` is the whole reply. */
  done(completion) {
    const { results, timings } = completion.vlp;
    this.trace.answered(results, timings.total);
    this.settle("answered");
    this.after.append(...copies(completion));
  }

  /** Shows a whole answer at once, as an earlier turn. */
  recall(completion, transcript) {
    if (transcript) this.heard(transcript);
    const { vlp, choices } = completion;
    if (vlp.intent) this.trace.understood(vlp.intent);
    if (vlp.plan) this.trace.planned(vlp.plan);
    for (const result of vlp.results) this.finished(result);
    this.say(choices[0].message.content);
    this.done(completion);
    this.fold();
  }

  fold() {
    this.trace.fold();
  }

  stopped() {
    this.trace.halted("Stopped");
    this.after.append(el("p", { class: "aside" }, "Stopped. The server keeps nothing of this turn."));
    this.settle("stopped");
  }

  /** The turn has failed; `actions` are elements that help out of it. */
  failed(error, ...actions) {
    this.trace.halted("Failed");
    this.after.append(trouble(error, actions));
    this.settle("broken");
  }

  settle(state) {
    this.element.classList.replace("running", state);
    this.element.removeAttribute("aria-busy");
  }
}

const title = (index) => `Picture ${index + 1}`;
