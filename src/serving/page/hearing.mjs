// The page of a recogniser: what somebody says, or what is in a recording, written down.
import { listModels } from "./api.mjs";
import { element } from "./element.mjs";
import { hideFailure, showFailure, startFailures, translateFailure } from "./failure.mjs";
import { hearFile, hearSound } from "./hear.mjs";
import { startKey, withKey } from "./key.mjs";
import { say, startLanguage } from "./language.mjs";
import { Microphone } from "./microphone.mjs";
import { formats, shortClock } from "./subtitles.mjs";

/** @typedef {import("./hear.mjs").Word} Word */

/** Seconds of sound that are sent at once. */
const step = 0.5;

const model = element("model", HTMLElement);
const welcome = element("welcome", HTMLElement);
const segmentList = element("segments", HTMLOListElement);
const settledWords = element("settled", HTMLElement);
const openWords = element("open", HTMLElement);
const status = element("status", HTMLElement);
const speak = element("speak", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const choose = element("choose", HTMLButtonElement);
const chosen = element("file", HTMLInputElement);
const downloads = element("downloads", HTMLElement);

/** @type {import("./hear.mjs").Transcript | undefined} */
let transcript;
/** What goes on: ends it. @type {(() => void) | undefined} */
let end;
let name = "transcript";
let sayStatus = () => "";

function show() {
  status.textContent = sayStatus();
  welcome.hidden = transcript !== undefined || end !== undefined;
  speak.hidden = end !== undefined;
  choose.hidden = end !== undefined;
  stop.hidden = end === undefined;
  downloads.hidden = transcript === undefined || transcript.segments.length === 0;
}

/** @param {() => string} sayHow @param {() => void} howToEnd */
function begin(sayHow, howToEnd) {
  hideFailure();
  [transcript, end, sayStatus] = [undefined, howToEnd, sayHow];
  segmentList.replaceChildren();
  settledWords.textContent = openWords.textContent = "";
  show();
}

/** @param {import("./hear.mjs").Transcript} whole */
function finish(whole) {
  transcript = whole;
  settledWords.textContent = openWords.textContent = "";
  segmentList.replaceChildren(...whole.segments.map(row));
  sayStatus = () => (whole.segments.length === 0 ? say("No words were heard.") : "");
}

/** @param {import("./subtitles.mjs").Segment} segment */
function row({ start, text }) {
  const [item, time, words] = ["li", "time", "span"].map((kind) => document.createElement(kind));
  time.textContent = shortClock(start);
  words.textContent = text;
  words.dir = "auto";
  item.append(time, words);
  return item;
}

/** @param {() => Promise<void>} work @param {() => void} again */
async function tried(work, again) {
  try {
    await work();
  } catch (error) {
    sayStatus = () => "";
    showFailure(error, again);
  } finally {
    end = undefined;
    speak.disabled = false;
    show();
  }
}

async function listen() {
  let isOver = false;
  speak.disabled = true; // until the user has allowed the microphone
  const session = crypto.randomUUID();
  await tried(async () => {
    const microphone = await Microphone.open();
    const { rate } = microphone;
    const send = () => {
      const sound = { session, rate, samples: microphone.take(), end: isOver };
      return withKey((key) => hearSound(sound, key));
    };
    name = "transcript";
    begin(
      () => say("Listening"),
      () => {
        isOver = true;
        microphone.stop();
      },
    );
    try {
      while (!isOver) {
        await microphone.heard(step * rate);
        if (isOver) break;
        const { settled, open } = await send();
        if (settled.length > 0) settledWords.append(`${wordsOf(settled)} `);
        openWords.textContent = wordsOf(open);
      }
      finish(await send());
    } finally {
      await microphone.stop();
    }
  }, listen);
}

/** @param {Word[]} words */
const wordsOf = (words) => words.map(({ word }) => word).join(" ");

/** @param {File | null | undefined} file */
async function hear(file) {
  if (!file || end) return;
  const stopping = new AbortController();
  begin(
    () => say("Hearing {name}", { name: file.name }),
    () => stopping.abort(),
  );
  await tried(
    async () => {
      try {
        const asked = await modelName();
        finish(await withKey((key) => hearFile(file, asked, key, stopping.signal)));
        name = file.name.replace(/\.\w+$/, "");
      } catch (error) {
        if (!stopping.signal.aborted) throw error;
        sayStatus = () => "";
      }
    },
    () => hear(file),
  );
}

/** Asked for once; a recording can be dropped before the answer. */
async function modelName() {
  if (model.textContent === "") [model.textContent] = await withKey((key) => listModels(key));
  return model.textContent ?? "";
}

async function connect() {
  try {
    await modelName();
  } catch (error) {
    showFailure(error, connect);
  }
}

/** @param {string} format */
function save(format) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([formats[format](transcript?.segments ?? [])]));
  link.download = `${name}.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

startFailures();
startKey();
startLanguage(() => {
  translateFailure();
  show();
});
speak.addEventListener("click", listen);
stop.addEventListener("click", () => end?.());
choose.addEventListener("click", () => chosen.click());
chosen.addEventListener("change", () => {
  hear(chosen.files?.[0]);
  chosen.value = "";
});
for (const button of downloads.querySelectorAll("button")) {
  button.addEventListener("click", () => save(button.dataset.format ?? "txt"));
}
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  hear(event.dataTransfer?.files[0]);
});
connect();
