// The language that the page speaks.
import { element } from "./element.mjs";
import { keepLanguage, keptLanguage } from "./kept.mjs";
import { chinese } from "./texts.mjs";

/** @typedef {import("./texts.mjs").Text} Text */

/** The user's choice, else what the browser's user reads. */
let current = known(keptLanguage() ?? navigator.language);

/** The tag of the language. */
export const language = () => current;

/**
 * Has the page speak its language, and the buttons choose another.
 * @param {() => void} onChange says what the page says by `say`
 */
export function startLanguage(onChange) {
  const buttons = element("languages", HTMLElement).querySelectorAll("button");
  const show = () => {
    document.documentElement.lang = current;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.lang === current));
    translate(document);
    onChange();
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      current = known(button.lang);
      keepLanguage(current);
      show();
    });
  }
  show();
}

/**
 * The text in the page's language; `{name}` in it stands for a value.
 * @param {Text} english
 * @param {Record<string, string>} [values]
 */
export function say(english, values = {}) {
  const text = current === "en" ? english : chinese[english];
  if (text === undefined) throw new Error(`texts.mjs lacks: ${english}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/**
 * Has a part of the page speak the page's language.
 * @param {ParentNode} part
 */
export function translate(part) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll("[data-text]"))) {
    // What it said at first is English; line breaks in HTML are no part of it.
    place.dataset.text ||= place.textContent?.trim().replace(/\s+/g, " ");
    place.textContent = say(/** @type {Text} */ (place.dataset.text));
  }
}

/** @param {string} tag */
function known(tag) {
  return /^zh\b/i.test(tag) ? "zh-CN" : "en";
}
