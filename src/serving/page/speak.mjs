// What the page asks a model that draws sounds.
import { ask } from "./api.mjs";

/** @typedef {{ model: string, words: string[], voices: string[] }} Settings */

/**
 * What the model is called, what it can say, and in which voices. Throws `Failure`.
 * @param {string | undefined} key
 * @returns {Promise<Settings>}
 */
export async function readSettings(key) {
  const response = await ask("v1/audio/speech/settings", key);
  return response.json();
}

/**
 * A WAV file of 16 bits and one channel. Throws `Failure`, and the signal's reason.
 * @param {{ model: string, input: string, voice?: string }} asked
 * @param {string | undefined} key
 * @param {AbortSignal} signal
 * @returns {Promise<ArrayBuffer>}
 */
export async function makeSound(asked, key, signal) {
  const body = JSON.stringify({ ...asked, response_format: "wav" });
  const headers = { "content-type": "application/json" };
  const response = await ask("v1/audio/speech", key, { method: "POST", body, headers, signal });
  return response.arrayBuffer();
}
