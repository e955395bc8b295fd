/** The field in which a turn is written, and what goes with it: pictures, from files or the camera, and a recording. */

import { shoot } from "./camera.js";
import { byId, el, icon } from "./dom.js";
import { fromFile } from "./pictures.js";
import { Recorder, mediaTrouble, noMedia } from "./recorder.js";

export class Composer {
  /** `ask(draft)` is called with what is to be sent, `stop()` to end what runs. */
  constructor(limits, ask, stop) {
    Object.assign(this, { limits, ask, stop });
    this.pictures = [];
    this.speech = null;
    this.busy = false;
    this.field = byId("message");
    this.field.maxLength = limits.text_chars;
    this.recorder = new Recorder((level) => byId("level").style.setProperty("--level", level));
    this.listen();
  }

  listen() {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    byId("stop").addEventListener("click", () => this.stop());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.grow());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
      if (this.recorder.running) this.toggleRecording();
      else if (this.busy) this.stop();
    });
    byId("pick").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", () => {
      this.add([...byId("file").files]);
      byId("file").value = "";
    });
    byId("shoot").addEventListener("click", () => this.shoot());
    byId("record").addEventListener("click", () => this.toggleRecording());
    document.addEventListener("paste", (event) => this.pasted(event));
    this.listenToDrops();
  }

  listenToDrops() {
    const files = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      byId("drop").hidden = false;
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) byId("drop").hidden = true;
    });
    document.addEventListener("drop", (event) => {
      byId("drop").hidden = true;
      if (!files(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }

  pasted(event) {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length) return;
    event.preventDefault();
    this.add(pasted);
  }

  async add(files) {
    this.note(null);
    for (const file of files) {
      if (this.pictures.length >= this.limits.pictures) {
        this.note(`At most ${this.limits.pictures} pictures go with one turn. Send the others with the next.`);
        break;
      }
      try {
        this.pictures.push(await fromFile(file, this.limits));
      } catch (error) {
        this.note(error.message);
      }
    }
    this.show();
    this.field.focus();
  }

  async shoot() {
    this.note(noMedia());
    if (noMedia()) return;
    try {
      const shot = await shoot(this.limits);
      if (shot) this.pictures.push(shot);
      this.show();
    } catch (error) {
      this.note(mediaTrouble(error, "camera"));
    }
  }

  async toggleRecording() {
    if (this.recorder.running) return this.finishRecording();
    this.note(noMedia());
    if (noMedia()) return;
    byId("record").disabled = true; // while the browser asks for leave
    try {
      await this.recorder.start();
    } catch (error) {
      this.note(mediaTrouble(error, "microphone"));
      return;
    } finally {
      byId("record").disabled = false;
    }
    this.timer = setInterval(() => this.tick(), 200);
    this.recording(true);
  }

  tick() {
    const whole = Math.floor(this.recorder.seconds);
    byId("clock").textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    if (this.recorder.seconds >= this.limits.audio_seconds - 1) {
      this.finishRecording();
      this.note(`A recording may last ${this.limits.audio_seconds} s: it has been ended there.`);
    }
  }

  async finishRecording() {
    clearInterval(this.timer);
    this.recording(false);
    this.speech = await this.recorder.stop();
    this.show();
    byId("send").focus();
  }

  recording(on) {
    byId("record").setAttribute("aria-pressed", on);
    byId("record").setAttribute("aria-label", on ? "Stop recording" : "Speak");
    byId("recording").hidden = !on;
    byId("clock").textContent = "0:00";
    byId("composer").classList.toggle("recording-now", on);
  }

  /** Sends what there is; a running recording ends with it. */
  async submit() {
    if (this.busy) return;
    if (this.recorder.running) await this.finishRecording();
    const draft = { text: this.field.value.trim(), pictures: this.pictures, speech: this.speech };
    if (!draft.text && !draft.speech) {
      this.note(draft.pictures.length ? "Say what you want to know about the picture." : null);
      this.field.focus();
      return;
    }
    this.note(null);
    this.fill({ text: "", pictures: [], speech: null });
    this.ask(draft);
  }

  /** Puts a draft into the field. */
  fill({ text, pictures, speech }) {
    this.field.value = text;
    this.pictures = pictures;
    this.speech = speech;
    this.show();
    this.grow();
  }

  /** Gives back what was not answered, before what has been written since. */
  restore(draft) {
    const text = [draft.text, this.field.value].filter(Boolean).join("\n");
    this.fill({ text, pictures: [...draft.pictures, ...this.pictures], speech: draft.speech ?? this.speech });
  }

  running(busy) {
    this.busy = busy;
    const focused = document.activeElement;
    byId("send").hidden = busy;
    byId("stop").hidden = !busy;
    if (focused === byId("send")) byId("stop").focus();
    else if (focused === byId("stop")) this.field.focus();
  }

  show() {
    const pictures = this.pictures.map((picture, at) =>
      this.chip("picture", el("img", { src: picture.url, alt: picture.name }), picture.name, () =>
        this.pictures.splice(at, 1),
      ),
    );
    const speech =
      this.speech &&
      this.chip("speech", el("span", {}, icon("mic"), `${this.speech.seconds.toFixed(1)} s`), "recording", () => {
        this.speech = null;
      });
    byId("attached").replaceChildren(...[...pictures, speech].filter(Boolean));
    byId("attached").hidden = !pictures.length && !speech;
  }

  chip(kind, content, name, remove) {
    const button = el(
      "button",
      {
        type: "button",
        class: "remove",
        "aria-label": `Remove ${name}`,
        click: () => {
          remove();
          this.show();
          this.field.focus();
        },
      },
      icon("cross"),
    );
    return el("li", { class: `chip ${kind}` }, content, button);
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  note(text) {
    byId("note").textContent = text ?? "";
    byId("note").hidden = !text;
  }
}
