// The page: a text and its translation, side by side.
import { element } from "./element.mjs";
import { hideFailure, showFailure, startFailures, translateFailure } from "./failure.mjs";
import { keepWork, keptWork } from "./kept.mjs";
import { startKey, withKey } from "./key.mjs";
import { language, say, startLanguage } from "./language.mjs";
import { chosen, loadMenus, nameOf, showMenus, startMenus, swap } from "./menus.mjs";
import { translateText } from "./translate.mjs";

/** @typedef {import("./translate.mjs").Translation} Translation */

/** Who types on is not to be translated at every letter. */
const pauseMs = 300;
const alternatives = 2;

const text = element("text", HTMLTextAreaElement);
const translation = element("translation", HTMLTextAreaElement);
const panes = element("panes", HTMLElement);
const detected = element("detected", HTMLElement);
const copy = element("copy", HTMLButtonElement);
const copied = element("copied", HTMLElement);
const flags = element("flags", HTMLElement);
const others = element("others", HTMLElement);
const otherList = element("alternatives", HTMLElement);

/** What is shown. @type {Translation} */
let current = { translatedText: "" };

let controller = new AbortController();
let timer = 0;

function translateSoon() {
  clearTimeout(timer);
  timer = setTimeout(translate, pauseMs);
}

async function translate() {
  clearTimeout(timer);
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  hideFailure();
  panes.setAttribute("aria-busy", "true");
  try {
    await loadMenus();
    const request = { q: text.value, ...chosen(), alternatives };
    const isEmpty = text.value.trim() === "";
    const made = isEmpty
      ? { translatedText: "" }
      : await withKey((key) => translateText(request, key, signal));
    signal.throwIfAborted();
    current = made;
    show();
  } catch (error) {
    if (!signal.aborted) showFailure(error, translate);
  }
  if (!signal.aborted) panes.setAttribute("aria-busy", "false");
}

function show() {
  const { translatedText, alternatives = [], flags: found = [] } = current;
  translation.value = translatedText;
  translation.lang = chosen().target;
  detected.textContent = describeDetected(current);
  copy.disabled = translatedText === "";
  copied.textContent = "";
  flags.replaceChildren(...found.map((flag) => listItem(describeFlag(flag))));
  others.hidden = alternatives.length === 0;
  otherList.replaceChildren(...alternatives.map(listItem));
}

/** @param {Translation} translation */
function describeDetected({ detectedLanguage }) {
  if (!detectedLanguage?.confidence) return "";
  const confidence = new Intl.NumberFormat(language(), { maximumFractionDigits: 0 });
  return say("Detected: {language} ({confidence} %)", {
    language: nameOf(detectedLanguage.language),
    confidence: confidence.format(detectedLanguage.confidence),
  });
}

/** @param {import("./translate.mjs").Flag} flag */
function describeFlag({ kind, found = "" }) {
  switch (kind) {
    case "lost":
      return say("A placeholder is missing: {found}", { found });
    case "doubled":
      return say("A placeholder is doubled: {found}", { found });
    case "added":
      return say("A placeholder was not in the text: {found}", { found });
    case "reordered":
      return say("Placeholders are in another order.");
    case "repetition":
      return say("The translation repeats itself: {found}", { found });
  }
}

/** @param {string} said */
function listItem(said) {
  const item = document.createElement("li");
  item.textContent = said;
  return item;
}

function turnRound() {
  if (!swap(current.detectedLanguage?.language)) return;
  text.value = current.translatedText || text.value;
  translate();
}

async function copyTranslation() {
  try {
    await navigator.clipboard.writeText(translation.value);
    copied.textContent = say("Copied");
  } catch {
    copied.textContent = say("The browser does not let the page copy.");
  }
}

const before = keptWork();
startFailures();
startKey();
startMenus(before, translate);
text.value = before.text;
startLanguage(() => {
  showMenus();
  show();
  translateFailure();
});

text.addEventListener("input", translateSoon);
element("swap", HTMLButtonElement).addEventListener("click", turnRound);
copy.addEventListener("click", copyTranslation);
addEventListener("pagehide", () => keepWork({ ...chosen(), text: text.value }));
if (matchMedia("(pointer: fine)").matches) text.focus();
translate();
