// A picture on the page, and the boxes over it.
import { Failure } from "./api.mjs";
import { language, say } from "./language.mjs";

/** @typedef {import("./detect.mjs").Box} Box */
/** @typedef {import("./detect.mjs").Found} Found */

/** Pixels of a side that are kept of a picture; it is shown smaller. */
const mostPixels = 1280;
/** Shares of the picture's sides, above which a label has no room over its box, and behind which none beside it. */
const [tooHigh, tooFarRight] = [0.08, 0.7];
/** Degrees from the colour of a class to that of the next: the golden angle, so that no two are alike. */
const turn = 137.508;

export class Picture {
  element = document.createElement("figure");
  /** What was found in it. @type {Found | undefined} */
  found;
  /** Of the boxes that were found. @type {HTMLElement[]} */
  marks = [];
  frame = document.createElement("div");
  canvas = document.createElement("canvas");
  caption = document.createElement("figcaption");

  /** @param {File} file */
  constructor(file) {
    this.file = file;
    this.frame.className = "frame";
    this.frame.append(this.canvas);
    this.element.append(this.frame, this.caption);
    this.canvas.height = 0;
    this.caption.textContent = file.name;
  }

  /** Shows the picture itself. Throws `Failure` for what cannot be read, such as a folder. */
  async draw() {
    await this.file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => {
        throw new Failure("refused", say("The browser cannot read this file."));
      });
    const bitmap = await createImageBitmap(this.file).catch(() => undefined);
    if (!bitmap) return;
    this.resize(bitmap);
    this.canvas.getContext("2d")?.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    bitmap.close();
  }

  /** Puts boxes over it. @param {Found} found */
  settle(found) {
    // What the browser cannot show, such as TIFF, stays empty, with the boxes in their places.
    if (this.canvas.height === 0) this.resize(found);
    this.found = found;
    this.marks = found.boxes.map((box) => markOf(box, found));
    this.frame.append(...this.marks);
  }

  /** Says why nothing is found. @param {string} reason */
  refuse(reason) {
    this.caption.textContent = `${this.file.name}: ${reason}`;
    this.caption.className = "warning";
  }

  /** Shows the boxes that are as sure as that, and gives them. @param {number} threshold */
  filter(threshold) {
    if (!this.found) return [];
    const { boxes } = this.found;
    for (const [i, { score }] of boxes.entries()) this.marks[i].hidden = score < threshold;
    const surer = boxes.filter(({ score }) => score >= threshold);
    const counts = countsOf(surer).map(({ label, count }) => `${label} ${count}`);
    const said = counts.length > 0 ? counts.join(", ") : say("nothing found");
    this.caption.textContent = `${this.file.name}: ${said}`;
    return surer;
  }

  /** @param {{ width: number, height: number }} own */
  resize({ width, height }) {
    const scale = Math.min(1, mostPixels / Math.max(width, height));
    this.canvas.width = Math.max(1, Math.round(scale * width));
    this.canvas.height = Math.max(1, Math.round(scale * height));
  }
}

/** How many there are of each class that is there. @param {readonly Box[]} boxes */
export function countsOf(boxes) {
  const counts = new Map(boxes.map(({ kind, label }) => [kind, { kind, label, count: 0 }]));
  for (const { kind } of boxes) /** @type {{ count: number }} */ (counts.get(kind)).count++;
  return [...counts.values()].sort((a, b) => a.kind - b.kind);
}

/** In the page's language. @param {number} share */
export function percent(share) {
  return new Intl.NumberFormat(language(), { style: "percent" }).format(share);
}

/** Gives an element the colour of a class. @param {HTMLElement} element @param {number} kind */
export function colour(element, kind) {
  element.style.setProperty("--hue", String((kind * turn) % 360));
}

/**
 * @param {Box} box
 * @param {Found} picture
 */
function markOf({ label, kind, score, left, top, right, bottom }, { width, height }) {
  const mark = document.createElement("div");
  const name = document.createElement("span");
  name.textContent = `${label} ${percent(score)}`;
  mark.append(name);
  mark.className = "thing";
  mark.classList.toggle("high", top < tooHigh * height);
  mark.classList.toggle("right", left > tooFarRight * width);
  Object.assign(mark.style, {
    left: share(left, width),
    top: share(top, height),
    width: share(right - left, width),
    height: share(bottom - top, height),
  });
  colour(mark, kind);
  return mark;
}

/** As CSS has it. @param {number} part @param {number} whole */
const share = (part, whole) => `${(100 * part) / whole}%`;
