/** One turn as it is seen: what was asked, what is being done about it, what was found, and the answer. */

import { Refused } from "./api.js";
import { el, icon } from "./dom.js";
import { Figure, percent } from "./figure.js";

const VERBS = { chat: "Talk", describe: "Describe", answer: "Answer", detect: "Find", segment: "Outline", count: "Count", classify: "Sort" };
const FINDERS = ["detect", "segment"];
const MARKS = { ok: "check", failed: "cross", skipped: "minus" };
const SAID = { ok: "done", failed: "failed", skipped: "skipped", running: "running", waiting: "waiting" };

export class TurnView {
  /** `draft` is `{text, pictures, speech}`; `known` are the pictures of the dialogue before it. */
  constructor(draft, known, number) {
    this.pictures = [...known, ...draft.pictures];
    this.tasks = new Map();
    this.figures = new Map();
    this.answer = "";
    this.question = el("p", { class: "question" }, draft.text);
    this.question.hidden = !draft.text;
    this.doing = el("span", { class: "doing" }, "Reading");
    this.intent = el("span", { class: "intent" });
    this.steps = el("ol", { class: "tasks" });
    this.thought = el("p", { class: "thought" });
    this.thought.hidden = true;
    const summary = el("summary", {}, icon("chevron"), el("span", { class: "spinner", "aria-hidden": "true" }), this.doing, this.intent);
    this.trace = el("details", { class: "trace", open: true }, summary, this.thought, this.steps);
    this.found = el("div", { class: "figures" });
    this.words = el("p", { class: "words" });
    this.after = el("div", { class: "after" });
    const reply = el("div", { class: "reply" }, this.trace, this.found, this.words, this.after);
    this.element = el("article", { class: "turn running", "aria-label": `Turn ${number}`, "aria-busy": "true" }, this.asked(draft, known.length), reply);
  }

  asked(draft, before) {
    const several = this.pictures.length > 1;
    const shown = draft.pictures.map((picture, at) => el("figure", { class: "sent" },
      el("img", { src: picture.url, alt: picture.name || "picture", width: picture.width, height: picture.height }),
      several && el("figcaption", {}, title(before + at))));
    const speech = draft.speech && el("audio", { controls: true, src: URL.createObjectURL(draft.speech.blob), "aria-label": "What was spoken" });
    return el("div", { class: "asked" }, shown.length > 0 && el("div", { class: "sent-row" }, shown), speech, this.question);
  }

  /** One event before the words. */
  told(event) {
    if (event.type === "transcript") this.heard(event.transcript);
    else if (event.type === "intent") this.understood(event.intent);
    else if (event.type === "plan") this.planned(event.plan);
    else if (event.type === "result") this.finished(event.result);
  }

  heard(transcript) {
    this.question.hidden = false;
    this.question.append(this.question.textContent ? " " : "", el("q", { class: "heard" }, transcript || "nothing"));
    this.doing.textContent = "Understanding";
  }

  understood({ label, score }) {
    this.intent.textContent = `${label} ${percent(score)}`;
    this.intent.title = "What DistilBERT takes the turn for, and how sure it is";
    this.doing.textContent = "Planning";
  }

  planned(plan) {
    this.thought.textContent = plan.thought;
    this.thought.hidden = !plan.thought;
    for (const task of plan.tasks) {
      const view = step(task, this.pictures.length > 1);
      this.tasks.set(task.id, { task, ...view, state: "waiting" });
      this.steps.append(view.element);
    }
    this.proceed();
  }

  /** Sets the tasks running whose needs have ended. */
  proceed() {
    const ended = (id) => MARKS[this.tasks.get(id)?.state];
    const entries = [...this.tasks.values()];
    for (const entry of entries) {
      if (entry.state === "waiting" && (entry.task.needs ?? []).every(ended)) mark(entry, "running", "");
      else if (entry.state === "waiting") mark(entry, "waiting", `after ${entry.task.needs.map((id) => verb(this.tasks.get(id)?.task.task).toLowerCase()).join(", ")}`);
    }
    const left = entries.filter((entry) => !MARKS[entry.state]).length;
    this.doing.textContent = left ? `Working on ${things(left, "task")}` : "Writing";
  }

  finished(result) {
    const entry = this.tasks.get(result.id);
    if (entry) {
      mark(entry, result.status, `${result.seconds.toFixed(2)} s`);
      entry.element.append(...outcome(result));
    }
    if (result.instances?.length) this.figure(result.image ?? this.pictures.length - 1)?.add(result);
    this.proceed();
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
    if (!this.answer) this.doing.textContent = "Writing";
    this.answer += words;
    this.words.append(words);
  }

  /** The turn has been answered; `completion` is the whole reply. */
  done(completion) {
    const { results, timings } = completion.vlp;
    const bad = results.filter((result) => result.status !== "ok").length;
    const tasks = bad ? `${bad} of ${things(results.length, "task")} not done` : things(results.length, "task");
    this.doing.textContent = [results.length ? tasks : "Answered", timings.total ? `${timings.total.toFixed(2)} s` : null].filter(Boolean).join(", ");
    this.settle("answered");
    this.after.append(
      navigator.clipboard ? action("copy", "Copy JSON", (button) => copy(button, completion)) : "",
      action("download", "Download JSON", () => download(completion)),
    );
  }

  /** Shows a whole answer at once, as an earlier turn. */
  recall(completion, transcript) {
    if (transcript) this.heard(transcript);
    const { vlp, choices } = completion;
    if (vlp.intent) this.understood(vlp.intent);
    if (vlp.plan) this.planned(vlp.plan);
    for (const result of vlp.results) this.finished(result);
    this.say(choices[0].message.content);
    this.done(completion);
    this.fold();
  }

  fold() {
    this.trace.open = false;
  }

  stopped() {
    this.doing.textContent = "Stopped";
    this.halt();
    this.after.append(el("p", { class: "aside" }, "Stopped. The server keeps nothing of this turn."));
    this.settle("stopped");
  }

  /** The turn has failed; `actions` are elements that help out of it. */
  failed(error, ...actions) {
    this.doing.textContent = "Failed";
    this.halt();
    const text = error instanceof Refused ? error.message : `The page stumbled: ${error.message}`;
    const where = error.param && el("p", { class: "where" }, "In the request: ", el("code", {}, error.param));
    const head = el("p", { class: "headline" }, headline(error));
    this.after.append(el("div", { class: "error", role: "alert" }, head, el("p", {}, text), where, el("div", { class: "error-actions" }, actions)));
    this.settle("broken");
  }

  halt() {
    for (const entry of this.tasks.values()) if (!MARKS[entry.state]) mark(entry, "skipped", "");
  }

  settle(state) {
    this.element.classList.replace("running", state);
    this.element.removeAttribute("aria-busy");
    this.trace.hidden = this.tasks.size === 0;
  }
}

const verb = (task) => VERBS[task] ?? String(task);

const title = (index) => `Picture ${index + 1}`;

const things = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function step(task, several) {
  const head = el("span", { class: "verb" }, verb(task.task));
  const words = [
    ...(task.phrases ?? []).map((phrase) => el("span", { class: "tag" }, phrase)),
    task.question && el("q", {}, task.question),
    ...(task.labels ?? []).map((label) => el("span", { class: "tag" }, label)),
    several && task.image !== null && task.image !== undefined && el("span", { class: "which" }, title(task.image)),
  ];
  const sign = el("span", { class: "mark" });
  const time = el("span", { class: "time" });
  return { element: el("li", { "data-task": task.id }, sign, el("span", { class: "what" }, head, words), time), sign, time };
}

function mark(entry, state, detail) {
  entry.state = state;
  entry.element.dataset.state = state;
  const drawing = MARKS[state] ? icon(MARKS[state]) : el("span", { class: state === "running" ? "spinner" : "pause" });
  entry.sign.replaceChildren(drawing, el("span", { class: "sr" }, SAID[state]));
  entry.time.textContent = detail;
}

/** What a result says beyond what is drawn. */
function outcome(result) {
  const lines = [];
  if (result.task === "count" && result.count !== undefined) lines.push(`${result.count} counted`);
  if (FINDERS.includes(result.task) && result.instances) lines.push(`${result.instances.length || "none"} found`);
  if (result.label !== undefined) lines.push(`${result.label} ${percent(result.scores?.[result.label] ?? 0)}`);
  if (result.text && result.task !== "chat") lines.push(result.text);
  if (result.doubt) lines.push(`IDEFICS would have said: ${result.doubt}`);
  const said = lines.map((line) => el("p", { class: "outcome" }, line));
  return result.error ? [...said, el("p", { class: "outcome bad" }, result.error)] : said;
}

/** By the error's HTTP status; in the middle of a stream there is only its type. */
const HEADLINES = {
  401: "The server asks for an API key",
  403: "The server asks for an API key",
  413: "That is more than the server takes",
  415: "The server cannot work with that",
  422: "The server cannot work with that",
  429: "The server is busy",
  503: "A model is not up just now",
  504: "The answer took too long",
  overloaded: "The server is busy",
  service_unavailable: "A model is not up just now",
  timeout: "The answer took too long",
};

const headline = (error) => HEADLINES[error.status] ?? HEADLINES[error.type] ?? "No answer this time";

function action(drawing, name, act) {
  const button = el("button", { type: "button", class: "quiet", click: () => act(button) }, icon(drawing), el("span", {}, name));
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
  setTimeout(() => { label.textContent = "Copy JSON"; }, 1600);
}

function download(completion) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(completion, null, 2)], { type: "application/json" }));
  el("a", { href: url, download: "answer.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
