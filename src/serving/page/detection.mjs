// The page of a detector: pictures, and what is in them.
import { Failure } from "./api.mjs";
import { formats } from "./box-files.mjs";
import { findThings, readSettings } from "./detect.mjs";
import { element } from "./element.mjs";
import { hideFailure, showFailure, startFailures, translateFailure } from "./failure.mjs";
import { startKey, withKey } from "./key.mjs";
import { say, startLanguage } from "./language.mjs";
import { colour, countsOf, Picture, percent } from "./picture.mjs";

const model = element("model", HTMLElement);
const welcome = element("welcome", HTMLElement);
const shown = element("shown", HTMLElement);
const status = element("status", HTMLElement);
const counts = element("counts", HTMLElement);
const choose = element("choose", HTMLButtonElement);
const chosen = element("file", HTMLInputElement);
const stop = element("stop", HTMLButtonElement);
const threshold = element("threshold", HTMLInputElement);
const sure = element("sure", HTMLOutputElement);
const downloads = element("downloads", HTMLElement);

/** @type {Picture[]} */
let pictures = [];
/** Those of them that wait for their turn, and the one whose turn it is. @type {Picture[]} */
let waiting = [];
/** What goes on: ends it. @type {AbortController | undefined} */
let stopping;

function show() {
  const surer = pictures.flatMap((picture) => picture.filter(threshold.valueAsNumber));
  sure.value = percent(threshold.valueAsNumber);
  status.textContent = stopping ? say("Looking at {name}", { name: waiting[0]?.file.name ?? "" }) : "";
  counts.replaceChildren(...countsOf(surer).map(countItem));
  welcome.hidden = pictures.length > 0;
  stop.hidden = stopping === undefined;
  downloads.hidden = !pictures.some(({ found }) => found);
}

/** @param {{ kind: number, label: string, count: number }} counted */
function countItem({ kind, label, count }) {
  const item = document.createElement("li");
  item.textContent = `${label} ${count}`;
  colour(item, kind);
  return item;
}

/** @param {Iterable<File> | null | undefined} files */
function take(files) {
  const added = [...(files ?? [])].map((file) => new Picture(file));
  pictures.push(...added);
  waiting.push(...added);
  shown.append(...added.map((picture) => picture.element));
  look();
}

/** Has the detector look at what waits, one after another. */
async function look() {
  if (stopping || waiting.length === 0) return;
  stopping = new AbortController();
  const { signal } = stopping;
  hideFailure();
  try {
    await learn();
    while (waiting.length > 0) {
      show();
      await lookAt(waiting[0], signal);
      waiting.shift();
    }
  } catch (error) {
    if (signal.aborted) forget();
    else showFailure(error, look);
  } finally {
    stopping = undefined;
    show();
  }
}

/** @param {Picture} picture @param {AbortSignal} signal */
async function lookAt(picture, signal) {
  try {
    await picture.draw();
    picture.settle(await withKey((key) => findThings(picture.file, key, signal)));
  } catch (error) {
    if (!(error instanceof Failure && error.kind === "refused")) throw error;
    picture.refuse(error.details);
  }
}

/** Takes away what the detector has not looked at. */
function forget() {
  for (const picture of waiting) picture.element.remove();
  pictures = pictures.filter((picture) => !waiting.includes(picture));
  waiting = [];
}

/** Asks what the detector is, if it has not said. Throws `Failure`. */
async function learn() {
  if (model.textContent !== "") return;
  const settings = await withKey(readSettings);
  model.textContent = settings.model;
  if (settings.threshold !== undefined) threshold.valueAsNumber = settings.threshold;
  show();
}

async function connect() {
  try {
    await learn();
  } catch (error) {
    showFailure(error, connect);
  }
}

/** @param {string} format */
function save(format) {
  const all = pictures.flatMap(({ file, found }) => (found ? [{ file: file.name, ...found }] : []));
  const isSure = (/** @type {{ score: number }} */ { score }) => score >= threshold.valueAsNumber;
  const written = formats[format](all.map((one) => ({ ...one, boxes: one.boxes.filter(isSure) })));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([written]));
  link.download = `boxes.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

startFailures();
startKey();
startLanguage(() => {
  translateFailure();
  show();
});
choose.addEventListener("click", () => chosen.click());
chosen.addEventListener("change", () => {
  take(chosen.files);
  chosen.value = "";
});
stop.addEventListener("click", () => stopping?.abort());
threshold.addEventListener("input", show);
for (const button of downloads.querySelectorAll("button")) {
  button.addEventListener("click", () => save(button.dataset.format ?? "csv"));
}
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  take(event.dataTransfer?.files);
});
connect();
