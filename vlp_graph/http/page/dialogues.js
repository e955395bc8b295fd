/**
 * The dialogues that this browser knows: their list in localStorage, their turns with pictures in IndexedDB.
 * What the server remembers of them it keeps under `session`, a name that cannot be guessed.
 */

import { picture } from "./pictures.js";
import { stored } from "./stored.js";

const DATABASE = "vlp-graph";

const list = stored(() => localStorage, "vlp.dialogues");
const current = stored(() => localStorage, "vlp.current");
const unsaved = new Map(); // turns by dialogue, where there is no database

export class Dialogue {
  constructor({ id, session, title, at, since }, turns = []) {
    Object.assign(this, { id, session, title, at, since, turns });
  }

  static begin() {
    return new Dialogue({ id: name(), session: name(), title: "", at: Date.now(), since: 0 });
  }

  static async open(entry) {
    const rows = await read(entry.id);
    return new Dialogue(
      entry,
      rows.map((row) => ({ ...row, pictures: row.pictures.map(revived) })),
    );
  }

  /** Whether the server has forgotten what was said. From then on it gets a new name, and remembers from now. */
  renew(limits, now = Date.now()) {
    const last = this.turns.at(-1);
    if (!last || this.since === this.turns.length || now - last.at < limits.expires_s * 1000) return false;
    this.session = name();
    this.since = this.turns.length;
    return true;
  }

  /** The pictures that the server knew when it answered turn `number`, in its order: what `image` counts. */
  known(number, limits) {
    const since = this.turns[number]?.since ?? this.since;
    const first = Math.max(since, number - limits.turns);
    return this.turns.slice(first, number).flatMap((turn) => turn.pictures);
  }

  /** Adds an answered turn: `{text, transcript, pictures, speech, completion}`. */
  async keep(turn) {
    const row = { ...turn, dialogue: this.id, number: this.turns.length, at: Date.now(), since: this.since };
    this.turns.push(row);
    this.at = row.at;
    this.title ||= (turn.text || turn.transcript || "Picture").slice(0, 80);
    const { id, session, title, at, since } = this;
    list.set([{ id, session, title, at, since }, ...dialogues().filter((entry) => entry.id !== id)]);
    await write({ ...row, pictures: row.pictures.map(({ url, ...rest }) => rest) });
  }
}

/** The list, newest first: `{id, session, title, at, since}`. */
export const dialogues = () => list.get() ?? [];

export const currentId = () => current.get();

export const setCurrent = (id) => current.set(id);

/** Forgets a dialogue here; the server forgets it by itself. */
export async function forget(id) {
  list.set(dialogues().filter((entry) => entry.id !== id));
  unsaved.delete(id);
  try {
    await transaction("readwrite", (turns) => turns.delete(range(id)));
  } catch {
    // nothing was saved
  }
}

const revived = ({ blob, width, height, name }) => picture(blob, width, height, name);

const range = (id) => IDBKeyRange.bound([id], [id, []]);

/** 128 random bits; randomUUID is not there on plain http. */
function name() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "page-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function read(id) {
  try {
    return await transaction("readonly", (turns) => turns.getAll(range(id)));
  } catch {
    return unsaved.get(id) ?? [];
  }
}

async function write(row) {
  try {
    await transaction("readwrite", (turns) => turns.put(row));
  } catch (error) {
    console.warn("this browser keeps no dialogues: they end with the page", error);
    unsaved.set(row.dialogue, [...(unsaved.get(row.dialogue) ?? []), row]);
  }
}

let opening = null;

function database() {
  opening ??= new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("turns", { keyPath: ["dialogue", "number"] });
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  return opening;
}

async function transaction(mode, act) {
  const turns = (await database()).transaction("turns", mode).objectStore("turns");
  return await new Promise((done, failed) => {
    const request = act(turns);
    turns.transaction.oncomplete = () => done(request.result);
    turns.transaction.onabort = turns.transaction.onerror = () => failed(turns.transaction.error);
  });
}
