// The page of a model that draws sounds: what it says, to hear and to see.
import { element } from "./element.mjs";
import { hideFailure, showFailure, startFailures, translateFailure } from "./failure.mjs";
import { startKey, withKey } from "./key.mjs";
import { say, startLanguage } from "./language.mjs";
import { makeSound, readSettings } from "./speak.mjs";
import { paint, samplesOf } from "./spectrogram.mjs";

const model = element("model", HTMLElement);
const welcome = element("welcome", HTMLElement);
const made = element("made", HTMLElement);
const status = element("status", HTMLElement);
const words = element("words", HTMLElement);
const asked = element("asked", HTMLFormElement);
const input = element("input", HTMLInputElement);
const voice = element("voice", HTMLSelectElement);
const voiceLabel = element("voice-label", HTMLElement);
const make = element("make", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);

/** What goes on: ends it. @type {AbortController | undefined} */
let stopping;

function show() {
  status.textContent = stopping ? say("Making a sound …") : "";
  welcome.hidden = made.childElementCount > 0;
  stop.hidden = stopping === undefined;
  make.disabled = stopping !== undefined;
}

async function speak() {
  if (stopping) return;
  stopping = new AbortController();
  const { signal } = stopping;
  hideFailure();
  show();
  try {
    const text = input.value;
    const request = { model: model.textContent, input: text, voice: voice.value || undefined };
    const file = await withKey((key) => makeSound(request, key, signal));
    made.prepend(figureOf(file, voice.value ? `${text} (${voice.value})` : text));
  } catch (error) {
    if (!signal.aborted) showFailure(error, speak);
  } finally {
    stopping = undefined;
    show();
  }
}

/** @param {ArrayBuffer} file @param {string} name */
function figureOf(file, name) {
  const figure = document.createElement("figure");
  const canvas = document.createElement("canvas");
  const player = document.createElement("audio");
  const caption = document.createElement("figcaption");
  paint(canvas, samplesOf(file));
  player.controls = true;
  player.src = URL.createObjectURL(new Blob([file], { type: "audio/wav" }));
  caption.textContent = name;
  figure.append(canvas, player, caption);
  return figure;
}

/** @param {string} word */
function wordButton(word) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = word;
  button.addEventListener("click", () => {
    input.value = `${input.value} ${word}`.trim();
  });
  return button;
}

/** Asks what the model is. */
async function connect() {
  try {
    const known = await withKey(readSettings);
    model.textContent = known.model;
    words.replaceChildren(...known.words.map(wordButton));
    voice.replaceChildren(...known.voices.map((name) => new Option(name)));
    voice.hidden = known.voices.length === 0;
    voiceLabel.hidden = voice.hidden;
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
asked.addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
stop.addEventListener("click", () => stopping?.abort());
connect();
