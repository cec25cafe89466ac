/**
 * Draws the loss of a run, which its metrics.jsonl holds, as an SVG:
 *
 *   node docs/gallery/curve.mjs runs/gpt-quickstart docs/gallery/quickstart.svg
 */
import { readFileSync, writeFileSync } from "node:fs";

const [run, out] = process.argv.slice(2);
const rows = readFileSync(`${run}/metrics.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const measured = rows.filter(({ validationLoss }) => validationLoss !== undefined);
const [left, right, top, bottom] = [44, 412, 14, 176];
const last = rows.at(-1).step;
const losses = [...rows.map(({ loss }) => loss), ...measured.map(({ validationLoss }) => validationLoss)];
const [low, high] = [Math.floor(Math.min(...losses)), Math.ceil(Math.max(...losses))];
const x = (step) => (left + ((right - left) * step) / last).toFixed(1);
const y = (loss) => (bottom - ((bottom - top) * (loss - low)) / (high - low)).toFixed(1);

/** Every fourth step is enough for the eye. */
const line = rows.filter((_, i) => i % 4 === 0 || i === rows.length - 1);
const points = line.map(({ step, loss }) => `${x(step)},${y(loss)}`).join(" ");
const dots = measured.map(
  ({ step, validationLoss }) => `<circle cx="${x(step)}" cy="${y(validationLoss)}" r="4" fill="#d1495b"/>`,
);
const levels = Array.from({ length: high - low + 1 }, (_, i) => low + i).map(
  (loss) =>
    `<path d="M${left} ${y(loss)}H${right}" stroke="#ddd"/><text x="${left - 6}" y="${y(loss)}" dy="4" text-anchor="end">${loss}</text>`,
);
const steps = [0, last / 2, last].map(
  (step) => `<text x="${x(step)}" y="${bottom + 16}" text-anchor="middle">${step}</text>`,
);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 430 212" width="430" height="212" font-family="sans-serif" font-size="11" fill="#444">
<title>Loss in nats a token by step: training and validation</title>
<rect width="430" height="212" fill="#fff"/>
${[...levels, ...steps].join("\n")}
<polyline fill="none" stroke="#2e6f95" stroke-width="1.6" points="${points}"/>
${dots.join("\n")}
<text x="${(left + right) / 2}" y="${bottom + 29}" text-anchor="middle">loss in nats a token, by step: line training, dots validation</text>
</svg>
`;
writeFileSync(out, svg);
