// What the page asks a recogniser.
import { ask } from "./api.mjs";

/** @typedef {import("./subtitles.mjs").Segment} Segment */
/** @typedef {{ text: string, segments: Segment[] }} Transcript */
/** @typedef {{ word: string, start: number, end: number }} Word */

/**
 * The transcript of a recording. Throws `Failure`, and the signal's reason.
 * @param {File} file
 * @param {string} model
 * @param {string | undefined} key
 * @param {AbortSignal} signal
 * @returns {Promise<Transcript>}
 */
export async function hearFile(file, model, key, signal) {
  const body = new FormData();
  body.append("file", file);
  body.append("model", model);
  body.append("response_format", "verbose_json");
  const response = await ask("v1/audio/transcriptions", key, { method: "POST", body, signal });
  return response.json();
}

/**
 * Sends the next of what somebody says; gives the words that are settled since, and those that are open. With `end` the
 * whole transcript. Throws `Failure`.
 * @param {{ session: string, rate: number, samples: Int16Array<ArrayBuffer>, end: boolean }} sound
 * @param {string | undefined} key
 * @returns {Promise<{ settled: Word[], open: Word[] } & Transcript>}
 */
export async function hearSound({ session, rate, samples, end }, key) {
  const query = new URLSearchParams({ session, rate: String(rate), end: String(end) });
  const headers = { "content-type": "audio/pcm" };
  const response = await ask(`v1/audio/live?${query}`, key, { method: "POST", body: samples, headers });
  return response.json();
}
