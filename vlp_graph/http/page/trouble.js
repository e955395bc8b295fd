/** A turn that has failed: what was wrong, what to change, and a way out. */

import { Refused } from "./api.js";
import { el } from "./dom.js";

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

/** `actions` are elements that help out of it. */
export function trouble(error, actions) {
  const text = error instanceof Refused ? error.message : `The page stumbled: ${error.message}`;
  return el(
    "div",
    { class: "error", role: "alert" },
    el("p", { class: "headline" }, headline(error)),
    el("p", {}, text),
    error.param && el("p", { class: "where" }, "In the request: ", el("code", {}, error.param)),
    el("div", { class: "error-actions" }, actions),
  );
}
