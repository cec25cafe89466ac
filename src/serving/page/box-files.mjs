// Boxes as files.

/** @typedef {import("./detect.mjs").Found & { file: string }} FoundIn */

/** @type {Record<string, (pictures: readonly FoundIn[]) => string>} */
export const formats = {
  /** A box a row, as tools for annotation have it; a picture without one has a row of its own. */
  csv: (pictures) => {
    const names = ["filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax", "score"];
    const rows = pictures.flatMap(({ file, width, height, boxes }) => {
      const fields = boxes.map(({ label, score, ...edges }) => [label, ...edgesOf(edges), rounded(score, 4)]);
      return (fields.length > 0 ? fields : [Array(6).fill("")]).map((row) => [file, width, height, ...row]);
    });
    return [names, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
  },
  /** As `autodidact detect --json` prints its results. */
  json: (pictures) => {
    const results = pictures.map(({ boxes, file, width, height }) => ({
      ...{ file, width, height },
      boxes: boxes.map(({ label, score, ...edges }) => {
        const [left, top, right, bottom] = edgesOf(edges);
        return { left, top, right, bottom, label, score: rounded(score, 4) };
      }),
    }));
    return `${JSON.stringify(results, undefined, 2)}\n`;
  },
};

/** In hundredths of a pixel. @param {{ left: number, top: number, right: number, bottom: number }} edges */
const edgesOf = ({ left, top, right, bottom }) => [left, top, right, bottom].map((edge) => rounded(edge, 2));

/**
 * @param {number} value
 * @param {number} digits behind the point
 */
const rounded = (value, digits) => Number(value.toFixed(digits));

/** RFC 4180, section 2. @param {string | number} value */
const field = (value) => (/[",\r\n]/.test(`${value}`) ? `"${`${value}`.replaceAll('"', '""')}"` : value);
