import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { sum } from "../core/ops/movement.js";
import { fillNormal, randomStream } from "../core/random.js";
import { ctcLoss } from "./ctc-loss.js";

interface Row {
  readonly labels: number[];
  readonly frames: number;
}

/** The loss of each row of scores [b, t, v], and the gradient of their sum. */
async function lossOf(scores: number[], rows: Row[], [time, classes]: [number, number]) {
  const batch = rows.length;
  const most = Math.max(1, ...rows.map(({ labels }) => labels.length));
  const logits = input<"b t v">("logits", "float32", [batch, time, classes]);
  const loss = ctcLoss(logits, {
    labels: input("labels", "int64", [batch, most]),
    valid: input("valid", "float32", [batch, time]),
  });
  const [gradient] = grad(sum(loss), [logits]);
  return evaluate(
    { loss, gradient },
    {
      logits: scores,
      labels: rows.flatMap(({ labels }) => [...labels, ...Array(most - labels.length).fill(0)]),
      valid: rows.flatMap(({ frames }) => Array.from({ length: time }, (_, i) => Number(i < frames))),
    },
  );
}

function drawn(count: number, spread: number): number[] {
  const scores = new Float32Array(count);
  fillNormal(scores, randomStream(1, "scores"), spread);
  return [...scores];
}

/** -log of the sum over all paths of `frames` classes that read as the labels. */
function bruteForce(scores: number[], { labels, frames }: Row, classes: number): number {
  const shares = Array.from({ length: frames }, (_, t) => {
    const powers = scores.slice(t * classes, (t + 1) * classes).map(Math.exp);
    const total = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / total);
  });
  let total = 0;
  for (let number = 0; number < classes ** frames; number++) {
    const path = shares.map((_, t) => Math.floor(number / classes ** t) % classes);
    const read = path.filter((symbol, t) => symbol !== 0 && symbol !== path[t - 1]);
    if (String(read) === String(labels)) total += path.reduce((p, symbol, t) => p * shares[t][symbol], 1);
  }
  return total === 0 ? 0 : -Math.log(total);
}

const [time, classes] = [5, 3];
const rows: Row[] = [
  { labels: [1, 2], frames: 5 },
  { labels: [1, 1], frames: 4 },
  { labels: [], frames: 3 },
  { labels: [2], frames: 1 },
  { labels: [2, 2, 2], frames: 5 },
  { labels: [1, 2, 1], frames: 3 },
  { labels: [1, 1, 2], frames: 3 },
  { labels: [], frames: 0 },
];
const scores = drawn(rows.length * time * classes, 2);

describe("ctcLoss", () => {
  it("is what all paths one by one add up to, and zero where there is none", async () => {
    const { loss } = await lossOf(scores, rows, [time, classes]);
    for (const [i, row] of rows.entries()) {
      const own = scores.slice(i * time * classes, (i + 1) * time * classes);
      expect(loss[i], `row ${i}`).toBeCloseTo(bruteForce(own, row, classes), 5);
    }
    expect(loss.slice(6)).toEqual([0, 0]);
  });

  it("has the gradient that differences of losses have", async () => {
    const { gradient } = await lossOf(scores, rows, [time, classes]);
    const step = 1e-3;
    for (const [place, slope] of gradient.entries()) {
      const row = Math.floor(place / (time * classes));
      const own = scores.slice(row * time * classes, (row + 1) * time * classes);
      const at = (by: number) =>
        bruteForce(own.with(place % (time * classes), scores[place] + by), rows[row], classes);
      // The brute force is in float64; the third derivative leaves less than step^2.
      expect(Math.abs(slope - (at(step) - at(-step)) / (2 * step)), `${place}`).toBeLessThan(3e-6);
    }
  });

  it("does not read what is behind a row's frames, and every frame's gradient adds up to nothing", async () => {
    const other = scores.map((score, i) => {
      const frame = Math.floor(i / classes) % time;
      return frame < rows[Math.floor(i / (time * classes))].frames ? score : 1e4;
    });
    const [a, b] = [await lossOf(scores, rows, [time, classes]), await lossOf(other, rows, [time, classes])];
    expect(b).toEqual(a);
    for (let frame = 0; frame < a.gradient.length; frame += classes) {
      expect(a.gradient.slice(frame, frame + classes).reduce((x, y) => x + y)).toBeCloseTo(0, 6);
    }
  });

  it("stays exact where scores are far apart, and does not hide what is not a number", async () => {
    const sure = [0, 300, -300, 300, 0, -300, -300, 0, 300]; // 1, blank, 2
    const three: Row = { labels: [1, 2], frames: 3 };
    expect((await lossOf(sure, [three], [3, 3])).loss[0]).toBe(0);
    // The likeliest path that reads so is 2, blank, 1: 600 + 0 + 300 nats behind the likeliest of all.
    expect((await lossOf(sure, [{ labels: [2, 1], frames: 3 }], [3, 3])).loss[0]).toBeCloseTo(900, 3);
    expect((await lossOf(sure.with(0, Number.NaN), [three], [3, 3])).loss[0]).toBeNaN();
  });
});
