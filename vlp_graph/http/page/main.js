/** The page: one dialogue at a time, its turns asked one after the other. */

import { chunks } from "./api.js";
import { Composer } from "./composer.js";
import { Dialogue, currentId, dialogues, forget, setCurrent } from "./dialogues.js";
import { byId, el } from "./dom.js";
import { dataUrl } from "./pictures.js";
import { Side } from "./side.js";
import { stored } from "./stored.js";
import { TurnView } from "./turn.js";
import { welcome } from "./welcome.js";

const NEAR_THE_END = 40;

class Page {
  constructor(limits) {
    this.limits = limits;
    this.key = stored(() => sessionStorage, "vlp.key");
    this.running = null;
    this.failed = null;
    this.following = true;
    this.follow();
    this.composer = new Composer(
      limits,
      (draft) => this.ask(draft),
      () => this.running?.abort(),
    );
    this.side = new Side({ open: (id) => this.open(id), begin: () => this.begin(), forget: (id) => this.forget(id) });
    byId("forget-key").addEventListener("click", () => this.useKey(null));
    byId("forget-key").hidden = !this.key.get();
  }

  begin() {
    this.enter(Dialogue.begin());
  }

  async open(id) {
    const entry = dialogues().find((known) => known.id === id);
    this.enter(entry ? await Dialogue.open(entry) : Dialogue.begin());
  }

  async forget(id) {
    await forget(id);
    if (id === this.dialogue.id) this.begin();
    else this.list();
  }

  enter(dialogue) {
    this.running?.abort();
    for (const turn of this.dialogue?.turns ?? []) for (const { url } of turn.pictures) URL.revokeObjectURL(url);
    this.dialogue = dialogue;
    this.failed = null;
    setCurrent(dialogue.id);
    byId("thread").replaceChildren();
    dialogue.turns.forEach((turn, number) => {
      if (number && turn.since === number) this.divide();
      const view = new TurnView(turn, dialogue.known(number, this.limits), number + 1);
      view.recall(turn.completion, turn.transcript);
      byId("thread").append(view.element);
    });
    if (!dialogue.turns.length) byId("thread").append(welcome(this.limits, (draft) => this.ask(draft)));
    this.list();
    this.toEnd(true);
    if (matchMedia("(pointer: fine)").matches) byId("message").focus();
  }

  list() {
    byId("title").textContent = this.dialogue.title || "New dialogue";
    document.title = this.dialogue.title ? `${this.dialogue.title} · vlp-graph` : "vlp-graph";
    this.side.show(dialogues(), this.dialogue.id);
  }

  async ask(draft) {
    if (this.running) return;
    const { dialogue } = this;
    byId("thread").querySelector(".welcome")?.remove();
    this.failed?.element.remove();
    this.failed = null;
    byId("thread")
      .querySelectorAll(".trace[open]")
      .forEach((trace) => {
        trace.open = false;
      });
    if (dialogue.renew(this.limits)) this.divide();
    const view = new TurnView(draft, dialogue.known(dialogue.turns.length, this.limits), dialogue.turns.length + 1);
    byId("thread").append(view.element);
    this.toEnd(true);
    const running = (this.running = new AbortController());
    this.composer.running(true);
    try {
      const { completion, transcript } = await this.stream(draft, view, running.signal);
      await dialogue.keep({ text: draft.text, transcript, pictures: draft.pictures, speech: draft.speech, completion });
      view.done(completion);
      announce(view.answer);
    } catch (error) {
      if (this.dialogue === dialogue) this.unanswered(draft, view, error);
    } finally {
      this.running = null;
      this.composer.running(false);
    }
    if (this.dialogue === dialogue) this.list();
    this.toEnd();
  }

  /** Runs a turn into its view: the whole reply, and what was heard. */
  async stream(draft, view, signal) {
    const completion = { object: "chat.completion", choices: [], usage: null, vlp: null };
    let transcript = null;
    for await (const chunk of chunks(await this.body(draft), {
      key: this.key.get(),
      signal,
      most: this.limits.body_bytes,
    })) {
      Object.assign(completion, { id: chunk.id, created: chunk.created, model: chunk.model });
      if (chunk.vlp_event?.type === "transcript") transcript = chunk.vlp_event.transcript;
      if (chunk.vlp_event) view.told(chunk.vlp_event);
      const words = chunk.choices[0]?.delta.content;
      if (words) view.say(words);
      completion.usage = chunk.usage ?? completion.usage;
      completion.vlp = chunk.vlp ?? completion.vlp;
      this.toEnd();
    }
    completion.choices = [{ index: 0, message: { role: "assistant", content: view.answer }, finish_reason: "stop" }];
    return { completion, transcript };
  }

  async body({ text, pictures, speech }) {
    const images = await Promise.all(
      pictures.map(async ({ blob }) => ({ type: "image_url", image_url: { url: await dataUrl(blob) } })),
    );
    const spoken = speech
      ? [
          {
            type: "input_audio",
            input_audio: { data: (await dataUrl(speech.blob)).split(",", 2)[1], format: speech.format },
          },
        ]
      : [];
    const content = [...images, ...spoken, ...(text ? [{ type: "text", text }] : [])];
    return {
      model: "vlp",
      session: this.dialogue.session,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content }],
    };
  }

  /** The server keeps nothing of a turn without an answer: what was sent with it goes back into the field. */
  unanswered(draft, view, error) {
    if (error.name === "AbortError") {
      view.stopped();
      announce("Stopped");
      this.composer.restore(view.answer ? { ...draft, text: "" } : draft);
      if (!view.answer) this.failed = view;
      return;
    }
    console.warn(error);
    this.composer.restore(draft);
    this.failed = view;
    view.failed(error, error.status === 401 || error.status === 403 ? this.keyForm() : this.again(error.retryAfter));
  }

  /** A button that sends the turn again, not before the server wants it. */
  again(seconds) {
    const button = el("button", { type: "button", class: "button", click: () => this.composer.submit() }, "Try again");
    const wait = (left) => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
      if (left > 0) setTimeout(() => wait(left - 1), 1000);
    };
    wait(seconds ?? 0);
    return button;
  }

  keyForm() {
    const field = el("input", {
      id: "key",
      type: "password",
      autocomplete: "off",
      required: true,
      spellcheck: "false",
    });
    const use = (event) => {
      event.preventDefault();
      this.useKey(field.value.trim());
      this.composer.submit();
    };
    return el(
      "form",
      { class: "key", submit: use },
      el("label", { for: "key" }, "API key"),
      field,
      el("button", { type: "submit", class: "button primary" }, "Use it and try again"),
      el("p", { class: "aside" }, "Kept until this tab is closed."),
    );
  }

  useKey(key) {
    this.key.set(key);
    byId("forget-key").hidden = !key;
  }

  divide() {
    const text = "The server has forgotten what came before. To go on about a picture, show it again.";
    byId("thread").append(el("p", { class: "divide" }, text));
  }

  /** Keeps the end in view, unless the reader has scrolled up. */
  toEnd(always = false) {
    this.following ||= always;
    if (this.following) requestAnimationFrame(() => byId("thread").scrollTo({ top: byId("thread").scrollHeight }));
  }

  follow() {
    const thread = byId("thread");
    let last = 0;
    thread.addEventListener("scroll", () => {
      if (thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_THE_END) this.following = true;
      else if (thread.scrollTop < last) this.following = false;
      last = thread.scrollTop;
    });
  }
}

function announce(text) {
  byId("announcer").textContent = text;
}

const limits = await (await fetch("page/limits.json")).json();
const page = new Page(limits);
await page.open(currentId());
