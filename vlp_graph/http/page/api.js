/** Speaking to the server: one turn as a stream of chunks, and its errors as they are said there. */

/** What the server, or the way to it, had against a turn. `retryAfter` in seconds, null where it said none. */
export class Refused extends Error {
  constructor(fields, status = null, retryAfter = null) {
    super(fields.message);
    this.type = fields.type ?? null;
    this.param = fields.param ?? null;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * The chunks of a turn, whose body may have `most` bytes. Raises `Refused`; a `signal` that aborts ends it with the
 * browser's AbortError.
 */
export async function* chunks(body, { key, signal, most }) {
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  if (key) headers.authorization = `Bearer ${key}`;
  const text = JSON.stringify(body);
  // The server would not read such a body to its end, and browsers then see only a broken connection.
  if (text.length > most) throw new Refused(tooMuch(text.length, most), 413);
  const response = await reached(fetch("v1/chat/completions", { method: "POST", headers, body: text, signal }));
  if (!response.ok) throw await refusal(response);
  let whole = false;
  for await (const data of events(response.body)) {
    if (data === "[DONE]") {
      whole = true;
      break;
    }
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Refused(chunk.error);
    yield chunk;
  }
  if (!whole) throw new Refused({ message: "The connection broke off before the answer was whole. Send it again." });
}

/** Which models are up: `{status, missing}`, or null where the server cannot be reached. */
export async function readiness() {
  try {
    return await (await fetch("health/ready")).json();
  } catch {
    return null;
  }
}

async function reached(request) {
  try {
    return await request;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({
      message: "The server cannot be reached. See that it runs and that you are online, then send it again.",
    });
  }
}

function tooMuch(bytes, most) {
  const [mine, taken] = [bytes, most].map((count) => (count / 2 ** 20).toFixed(1));
  return { message: `This turn has ${mine} MiB, the server takes ${taken} MiB. Send fewer pictures at once.` };
}

async function refusal(response) {
  let fields = null;
  try {
    fields = (await response.json()).error;
  } catch {
    // not the graph, but something before it
  }
  fields = fields?.message ? fields : { message: `The server answered ${response.status} without saying why.` };
  return new Refused(fields, response.status, seconds(response.headers.get("retry-after")));
}

/** Retry-After as seconds from now; it may also be a date. */
function seconds(value) {
  if (!value) return null;
  const count = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(count) ? Math.max(0, Math.ceil(count)) : null;
}

/** The data of each server-sent event. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      for (const block of blocks) {
        const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        if (lines.length) yield lines.map((line) => line.slice(5).trimStart()).join("\n");
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ message: "The connection broke off before the answer was whole. Send it again." });
  } finally {
    reader.cancel().catch(() => {});
  }
}
