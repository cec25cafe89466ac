// The languages that are translated from and into.

import { element } from "./element.mjs";
import { language, say } from "./language.mjs";
import { listLanguages } from "./translate.mjs";

/** @typedef {import("./translate.mjs").Language} Language */

const from = element("source", HTMLSelectElement);
const into = element("target", HTMLSelectElement);

/** @type {Language[]} */
let languages = [];

/** What to choose once the server has said what it has. */
let wanted = { source: "auto", target: "" };

/** @param {{ source: string, target: string }} before @param {() => void} onChange */
export function startMenus(before, onChange) {
  wanted = before;
  for (const menu of [from, into]) {
    menu.addEventListener("change", () => {
      wanted = { source: from.value, target: into.value };
      showMenus();
      onChange();
    });
  }
}

/** Asks the server which languages it has, if it has not said. Throws `Failure`. */
export async function loadMenus() {
  if (languages.length > 0) return;
  languages = await listLanguages();
  showMenus();
}

/** The codes of the languages that are chosen; `source` may be "auto". */
export const chosen = () => wanted;

/** Turns the direction round. @param {string | undefined} detected what "auto" was found to be */
export function swap(detected) {
  const source = wanted.source === "auto" ? detected : wanted.source;
  if (source === undefined || !reads(wanted.target)) return false;
  wanted = { source: wanted.target, target: source };
  showMenus();
  return true;
}

/** The menus in the page's language. */
export function showMenus() {
  if (languages.length === 0) return;
  const sources = languages.filter(({ code }) => reads(code));
  fill(from, ["auto", ...sources.map(({ code }) => code)], wanted.source);
  const known = languages.find(({ code }) => code === from.value);
  const targets = known ? known.targets : languages.map(({ code }) => code).filter(isWritten);
  // Whoever has chosen nothing wants another language than the first.
  fill(into, targets, wanted.target || languages[0].targets[0]);
  wanted = { source: from.value, target: into.value };
}

/** The name of a language in the page's. @param {string} code */
export function nameOf(code) {
  const named = new Intl.DisplayNames(language(), { type: "language", fallback: "none" }).of(code);
  return named ?? languages.find((other) => other.code === code)?.name ?? code;
}

/** @param {string} code */
const reads = (code) => languages.some((other) => other.code === code && other.targets.length > 0);

/** @param {string} code */
const isWritten = (code) => languages.some(({ targets }) => targets.includes(code));

/** @param {HTMLSelectElement} menu @param {readonly string[]} codes @param {string} choice */
function fill(menu, codes, choice) {
  menu.replaceChildren(
    ...codes.map((code) => new Option(code === "auto" ? say("Detect language") : nameOf(code), code)),
  );
  if (codes.includes(choice)) menu.value = choice;
}
