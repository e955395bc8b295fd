/** What is being done about a turn: its intent, the thought behind the plan, and each task from waiting to its end. */

import { el, icon } from "./dom.js";
import { percent } from "./figure.js";

const VERBS = {
  chat: "Talk",
  describe: "Describe",
  answer: "Answer",
  detect: "Find",
  segment: "Outline",
  count: "Count",
  classify: "Sort",
};
const FINDERS = ["detect", "segment"];
const MARKS = { ok: "check", failed: "cross", skipped: "minus" };
const SAID = { ok: "done", failed: "failed", skipped: "skipped", running: "running", waiting: "waiting" };

export class Trace {
  /** `several`: the dialogue has more than one picture, so that tasks say which is theirs. */
  constructor(several) {
    this.several = several;
    this.tasks = new Map();
    this.doing = el("span", { class: "doing" }, "Reading");
    this.intent = el("span", { class: "intent" });
    this.steps = el("ol", { class: "tasks" });
    this.thought = el("p", { class: "thought" });
    this.thought.hidden = true;
    const spinner = el("span", { class: "spinner", "aria-hidden": "true" });
    const summary = el("summary", {}, icon("chevron"), spinner, this.doing, this.intent);
    this.element = el("details", { class: "trace", open: true }, summary, this.thought, this.steps);
  }

  /** The line above it all: what is being done now. */
  say(doing) {
    this.doing.textContent = doing;
  }

  understood({ label, score }) {
    this.intent.textContent = `${label} ${percent(score)}`;
    this.intent.title = "What DistilBERT takes the turn for, and how sure it is";
    this.say("Planning");
  }

  planned(plan) {
    this.thought.textContent = plan.thought;
    this.thought.hidden = !plan.thought;
    for (const task of plan.tasks) {
      const view = step(task, this.several);
      this.tasks.set(task.id, { task, ...view, state: "waiting" });
      this.steps.append(view.element);
    }
    this.proceed();
  }

  finished(result) {
    const entry = this.tasks.get(result.id);
    if (!entry) return;
    mark(entry, result.status, `${result.seconds.toFixed(2)} s`);
    entry.element.append(...outcome(result));
    this.proceed();
  }

  /** Sets the tasks running whose needs have ended. */
  proceed() {
    const entries = [...this.tasks.values()];
    for (const entry of entries.filter(({ state }) => state === "waiting")) {
      const open = (entry.task.needs ?? []).map((id) => this.tasks.get(id)).filter((need) => need && !ended(need));
      if (open.length) mark(entry, "waiting", `after ${open.map((need) => verb(need.task).toLowerCase()).join(", ")}`);
      else mark(entry, "running", "");
    }
    const left = entries.filter((entry) => !ended(entry)).length;
    this.say(left ? `Working on ${tasks(left)}` : "Writing");
  }

  /** The turn has been answered, in so many seconds. */
  answered(results, seconds) {
    const bad = results.filter((result) => result.status !== "ok").length;
    const done = bad ? `${bad} of ${tasks(results.length)} not done` : tasks(results.length);
    const parts = [results.length ? done : "Answered", seconds ? `${seconds.toFixed(2)} s` : ""];
    this.settle(parts.filter(Boolean).join(", "));
  }

  /** The turn has ended without an answer. */
  halted(doing) {
    for (const entry of this.tasks.values()) if (!ended(entry)) mark(entry, "skipped", "");
    this.settle(doing);
  }

  settle(doing) {
    this.say(doing);
    this.element.hidden = this.tasks.size === 0;
  }

  fold() {
    this.element.open = false;
  }
}

const ended = (entry) => entry.state in MARKS;

const tasks = (count) => `${count} task${count === 1 ? "" : "s"}`;

const verb = ({ task }) => VERBS[task] ?? String(task);

function step(task, several) {
  const head = el("span", { class: "verb" }, verb(task));
  const words = [
    ...(task.phrases ?? []).map((phrase) => el("span", { class: "tag" }, phrase)),
    task.question && el("q", {}, task.question),
    ...(task.labels ?? []).map((label) => el("span", { class: "tag" }, label)),
    several &&
      task.image !== null &&
      task.image !== undefined &&
      el("span", { class: "which" }, `Picture ${task.image + 1}`),
  ];
  const sign = el("span", { class: "mark" });
  const time = el("span", { class: "time" });
  return {
    element: el("li", { "data-task": task.id }, sign, el("span", { class: "what" }, head, words), time),
    sign,
    time,
  };
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
