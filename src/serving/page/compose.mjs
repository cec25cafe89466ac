// What the page asks a model of music.
import { ask } from "./api.mjs";

/** @typedef {{ model: string, bars: number }} Settings */

/** @typedef {{ bars?: number, tempo?: number, temperature?: number, from?: string, response_format?: string }} Request */

/**
 * What the model is called, and how much it writes. Throws `Failure`.
 * @param {string | undefined} key
 * @returns {Promise<Settings>}
 */
export async function readSettings(key) {
  const response = await ask("v1/music/settings", key);
  return response.json();
}

/**
 * A piece as a file. Throws `Failure`, and the signal's reason.
 * @param {Request} request
 * @param {string | undefined} key
 * @param {AbortSignal} signal
 */
export async function writePiece(request, key, signal) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(request);
  const response = await ask("v1/music", key, { method: "POST", body, headers, signal });
  return response.blob();
}

/**
 * A file in base64.
 * @param {Blob} file
 * @returns {Promise<string>}
 */
export async function base64Of(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
