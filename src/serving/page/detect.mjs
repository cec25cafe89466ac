// What the page asks a detector.
import { ask } from "./api.mjs";

/** @typedef {{ model: string, classes: string[], threshold?: number }} Settings */

/**
 * A thing: its class by name and number, how sure it is, and its edges in pixels.
 * @typedef {{ label: string, kind: number, score: number, left: number, top: number, right: number, bottom: number }} Box
 */

/** What is in a picture, surest first. @typedef {{ width: number, height: number, boxes: Box[] }} Found */

/** Less sure boxes are of no use to anybody. */
export const leastScore = 0.05;

/**
 * What the detector is called, what it knows, and how sure a box should be. Throws `Failure`.
 * @param {string | undefined} key
 * @returns {Promise<Settings>}
 */
export async function readSettings(key) {
  const response = await ask("v1/detections/settings", key);
  return response.json();
}

/**
 * All that may be in a picture. Throws `Failure`, and the signal's reason.
 * @param {File} file
 * @param {string | undefined} key
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
export async function findThings(file, key, signal) {
  const body = new FormData();
  body.append("file", file);
  body.append("threshold", String(leastScore));
  // Hugging Face's form has whole pixels.
  const response = await ask("v1/detections?format=roboflow", key, { method: "POST", body, signal });
  const { image, predictions } = await response.json();
  return { ...image, boxes: predictions.map(boxOf) };
}

/**
 * @param {{ x: number, y: number, width: number, height: number, confidence: number, class: string, class_id: number }} prediction
 * @returns {Box}
 */
function boxOf({ x, y, width, height, confidence, class: label, class_id: kind }) {
  const edges = { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  return { label, kind, score: confidence, ...edges };
}
