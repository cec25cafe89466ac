// LibreTranslate's API, as far as the page needs it.
import { ask } from "./api.mjs";

/** @typedef {{ code: string, name: string, targets: string[] }} Language */

/** @typedef {{ kind: "lost" | "doubled" | "added" | "reordered" | "repetition", found?: string }} Flag */

/**
 * @typedef {object} Translation
 * @property {string} translatedText
 * @property {{ language: string, confidence: number }} [detectedLanguage]
 * @property {string[]} [alternatives]
 * @property {Flag[]} [flags]
 */

/**
 * The languages of the translator, for which it asks no key. Throws `Failure`.
 * @returns {Promise<Language[]>}
 */
export async function listLanguages() {
  const response = await ask("languages", undefined);
  return response.json();
}

/**
 * A text in another language. Throws `Failure`, and the signal's reason.
 * @param {{ q: string, source: string, target: string, alternatives: number }} request
 * @param {string | undefined} key
 * @param {AbortSignal} signal
 * @returns {Promise<Translation>}
 */
export async function translateText(request, key, signal) {
  const headers = { "content-type": "application/json" };
  const response = await ask("translate", key, {
    ...{ method: "POST", body: JSON.stringify(request), headers, signal },
  });
  return response.json();
}
