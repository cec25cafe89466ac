// The line that says why something did not go.
import { Failure } from "./api.mjs";
import { element } from "./element.mjs";
import { say } from "./language.mjs";

const bar = element("failure", HTMLElement);
const headline = element("failure-kind", HTMLElement);
const details = element("failure-details", HTMLElement);
const retry = element("retry", HTMLButtonElement);

/** Says the headline in the language of the moment. */
let headlineNow = () => "";

/** @type {(() => void) | undefined} */
let again;

export function startFailures() {
  element("dismiss", HTMLButtonElement).addEventListener("click", hideFailure);
  retry.addEventListener("click", () => {
    hideFailure();
    again?.();
  });
}

export function hideFailure() {
  bar.hidden = true;
}

/**
 * @param {unknown} error
 * @param {() => void} [tryAgain]
 */
export function showFailure(error, tryAgain) {
  const failure = error instanceof Failure ? error : new Failure("server", String(error));
  show(() => describe(failure), failure.details, tryAgain);
}

export function showWrongSetting() {
  show(() => say("A setting is out of its range; nothing was sent."), "");
}

export function translateFailure() {
  headline.textContent = headlineNow();
}

/**
 * @param {() => string} sayHeadline
 * @param {string} serverWords
 * @param {() => void} [tryAgain]
 */
function show(sayHeadline, serverWords, tryAgain) {
  headlineNow = sayHeadline;
  again = tryAgain;
  details.textContent = serverWords;
  retry.hidden = again === undefined;
  bar.hidden = false;
  translateFailure();
}

/** @param {Failure} failure */
function describe({ kind, retryAfter }) {
  switch (kind) {
    case "key":
      return say("The server asks for an API key.");
    case "microphone":
      return say("There is no microphone that this page may hear.");
    case "busy":
      if (!retryAfter) return say("The server is busy; try again later.");
      return say("The server is busy; try again in {seconds} s.", { seconds: String(retryAfter) });
    case "network":
      return say("The server cannot be reached.");
    case "refused":
      return say("The server does not accept this.");
    case "server":
      return say("The server failed.");
  }
}
