/** A dense detector learns to find squares and discs that are drawn here: model, objective, targets and decoding together. */
import { expect, it } from "vitest";
import { type RandomStream, randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { type Box, type Detection, overlapOf } from "../../src/data/detection/boxes.js";
import { denseTargets } from "../../src/features/detection/targets.js";
import { decodeMaps } from "../../src/generation/detection/decode.js";
import { compileDetector } from "../../src/generation/detection/detector-session.js";
import { denseDetector } from "../../src/models/dense-detector.js";
import { featurePyramid } from "../../src/models/feature-pyramid.js";
import { denseDetection } from "../../src/objectives/dense-detection.js";
import { imageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss } from "../../src/training/step.js";
import { initialiseAll, weightsOf } from "../../src/training/weights.js";

const shape = { batchSize: 4, channels: 1, height: 48, width: 64 };
const grid = { ...shape, stride: 8 };
const size = shape.height * shape.width;
/** The class of squares; discs are the other. */
const square = 0;
const session = { threads: 1, spin: false };

interface Drawing {
  readonly pixels: Float32Array;
  readonly boxes: readonly Box[];
}

/** One or two things of 12 to 24 pixels that do not touch, bright squares and dark discs in noise. */
function draw(random: RandomStream): Drawing {
  const pixels = Float32Array.from({ length: size }, () => 0.2 * random.normal());
  const boxes: Box[] = [];
  const wanted = 1 + random.integer(2);
  while (boxes.length < wanted) {
    const side = 12 + random.integer(13);
    const left = random.integer(shape.width - side);
    const top = random.integer(shape.height - side);
    const box = { left, top, right: left + side, bottom: top + side, label: random.integer(2) };
    if (boxes.every((other) => overlapOf(other, box) === 0)) boxes.push(box);
  }
  for (const box of boxes) fill(pixels, box);
  return { pixels, boxes };
}

function fill(pixels: Float32Array, { left, top, right, bottom, label }: Box): void {
  const [x0, y0, radius] = [(left + right) / 2, (top + bottom) / 2, (right - left) / 2];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const inside = label === square || Math.hypot(x + 0.5 - x0, y + 0.5 - y0) < radius;
      if (inside) pixels[y * shape.width + x] = label === square ? 1 : -1;
    }
  }
}

const drawings = (count: number, step: number): Drawing[] => {
  const random = randomStream(1, "drawings", step);
  return Array.from({ length: count }, () => draw(random));
};

/** [b, ...] of arrays. */
function joined<A extends Float32Array | Int32Array>(parts: readonly A[]): A {
  const whole = new (parts[0].constructor as new (length: number) => A)(parts.length * parts[0].length);
  for (const [i, part] of parts.entries()) whole.set(part, i * part.length);
  return whole;
}

function batchOf(drawn: readonly Drawing[]) {
  const targets = drawn.map(({ boxes }) => denseTargets(boxes, grid));
  return {
    images: joined(drawn.map(({ pixels }) => pixels)),
    classMap: joined(targets.map(({ classMap }) => classMap)),
    boxMap: joined(targets.map(({ boxMap }) => boxMap)),
  };
}

/** Trains on `batchAt(step)`; gives the last losses, and what the detector then finds in other drawings. */
async function train(steps: number, batchAt: (step: number) => readonly Drawing[]) {
  const sizes = { ...shape, stemWidth: 8, stageWidths: [8, 16, 16], blocksPerStage: [1, 1, 1] };
  const encoder = featurePyramid({ ...sizes, mapWidth: 16, groups: 4 });
  const model = denseDetector(encoder, { numClasses: 2, towerLayers: 1, groups: 4 });
  const optimizer = adamw({ lr: 3e-3, weightDecay: 0 });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const task = imageTask(model, shape, denseDetection());
  const loss = await compileLoss(nodeRuntime, task, layout, state, { session });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  let last = await loss.run(batchOf(batchAt(0)));
  for (let step = 1; step <= steps; step++) {
    last = await loss.run(batchOf(batchAt(step)));
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    await update.step({ step, gradientScale }, Math.min(1, step / 10, (2 * (steps - step) + 1) / steps));
  }
  await loss.release();
  const detector = await compileDetector(nodeRuntime, model, weightsOf(layout, state.parameters), session);
  const detect = async (drawn: readonly Drawing[]) => {
    const maps = await detector.maps(joined(drawn.map(({ pixels }) => pixels)));
    return maps.map((each) => decodeMaps(each, grid, { threshold: 0.5 }));
  };
  return { last, detect };
}

/** How many things there are, were found (overlap 1/2, right class), and were found where none is. */
function compare(drawn: readonly Drawing[], found: readonly (readonly Detection[])[]) {
  const isSame = (box: Box, other: Detection) => box.label === other.label && overlapOf(box, other) >= 0.5;
  const count = (boxes: readonly unknown[][]) => boxes.flat().length;
  return {
    things: count(drawn.map(({ boxes }) => [...boxes])),
    right: count(drawn.map(({ boxes }, i) => boxes.filter((box) => found[i].some((f) => isSame(box, f))))),
    wrong: count(drawn.map(({ boxes }, i) => found[i].filter((f) => !boxes.some((box) => isSame(box, f))))),
  };
}

// A few seconds each where nothing else runs.
it("learns a batch by heart", async () => {
  const batch = drawings(4, 0);
  const { last, detect } = await train(80, () => batch);
  const { things, right, wrong } = compare(batch, await detect(batch));
  expect({ right, wrong }).toEqual({ right: things, wrong: 0 });
  expect(last.metrics.overlap).toBeGreaterThan(0.9);
});

it("finds things in new pictures", async () => {
  const { detect } = await train(200, (step) => drawings(4, step));
  const unseen = drawings(32, 1000);
  const { things, right, wrong } = compare(unseen, await detect(unseen));
  // Seen after 150 and 300 steps: 51 and 52 of 52 found, 4 and 3 wrong.
  expect(right / things).toBeGreaterThan(0.9);
  expect(wrong / things).toBeLessThan(0.2);
}, 120_000);
