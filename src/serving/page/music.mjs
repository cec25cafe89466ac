// The page of a model of music: pieces that it writes, to look at and to hear.
import { base64Of, readSettings, writePiece } from "./compose.mjs";
import { element } from "./element.mjs";
import { hideFailure, showFailure, startFailures, translateFailure } from "./failure.mjs";
import { startKey, withKey } from "./key.mjs";
import { say, startLanguage } from "./language.mjs";
import { pieceElement } from "./piece.mjs";

const model = element("model", HTMLElement);
const welcome = element("welcome", HTMLElement);
const pieces = element("pieces", HTMLElement);
const status = element("status", HTMLElement);
const settings = element("settings", HTMLFormElement);
const write = element("write", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const bars = element("bars", HTMLInputElement);
const tempo = element("tempo", HTMLInputElement);
const temperature = element("temperature", HTMLInputElement);
const choose = element("choose", HTMLButtonElement);
const chosen = element("file", HTMLInputElement);

let count = 0;
/** What goes on: ends it. @type {AbortController | undefined} */
let stopping;

function show() {
  status.textContent = stopping ? say("Writing …") : "";
  welcome.hidden = pieces.childElementCount > 0;
  stop.hidden = stopping === undefined;
  write.disabled = stopping !== undefined;
}

/** A field's number; nothing where it is empty. @param {HTMLInputElement} field */
const numberIn = (field) => (Number.isNaN(field.valueAsNumber) ? undefined : field.valueAsNumber);

/** Has music written, on from a piece where one is given. @param {Blob} [from] */
async function compose(from) {
  if (stopping || !settings.reportValidity()) return;
  stopping = new AbortController();
  const { signal } = stopping;
  hideFailure();
  show();
  try {
    const given = from && (await base64Of(from));
    const asked = { bars: numberIn(bars), tempo: numberIn(tempo), temperature: numberIn(temperature) };
    const midi = await withKey((key) => writePiece({ ...asked, from: given }, key, signal));
    const written = await base64Of(midi);
    const as = (/** @type {string} */ form) =>
      withKey((key) => writePiece({ from: written, bars: 0, response_format: form }, key, signal));
    const piece = { name: `music-${++count}`, midi, picture: await as("png"), sound: await as("wav") };
    pieces.prepend(pieceElement(piece, () => compose(midi)));
  } catch (error) {
    if (!signal.aborted) showFailure(error, () => compose(from));
  } finally {
    stopping = undefined;
    show();
  }
}

/** Asks what the model is. */
async function connect() {
  try {
    const known = await withKey(readSettings);
    model.textContent = known.model;
    bars.valueAsNumber = known.bars;
  } catch (error) {
    showFailure(error, connect);
  }
}

startFailures();
startKey();
startLanguage(() => {
  translateFailure();
  show();
});
settings.addEventListener("submit", (event) => {
  event.preventDefault();
  compose();
});
stop.addEventListener("click", () => stopping?.abort());
choose.addEventListener("click", () => chosen.click());
chosen.addEventListener("change", () => {
  const [file] = chosen.files ?? [];
  if (file) compose(file);
  chosen.value = "";
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const [file] = event.dataTransfer?.files ?? [];
  if (file) compose(file);
});
connect();
