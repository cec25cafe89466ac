/** Chats packed into one row are learned as if each were alone: nothing leaks from one to the next. */
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { packRows } from "../../src/data/chat/packing.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gemma3 } from "../../src/models/gemma3.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { llama } from "../../src/models/llama.js";
import { nextToken } from "../../src/objectives/next-token.js";
import { languageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileLoss } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";

const sizes = { vocabSize: 29, contextLength: 24, numLayers: 2, numHeads: 2, width: 16 };
const chats = [7, 10, 5].map((length, n) => ({
  ids: Int32Array.from({ length }, (_, i) => (11 * n + 5 * i + i * i) % sizes.vocabSize),
  isTarget: Uint8Array.from({ length }, (_, i) => (i > 2 ? 1 : 0)),
}));

async function compiled(model: Decoder, batchSize: number) {
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const state = { parameters: new Float32Array(layout.size), gradients: new Float32Array(layout.size) };
  initialiseAll(layout, state.parameters, 3);
  // Fresh projections into the residual stream are zero in a llama: then nothing could leak.
  for (let i = 0; i < layout.size; i++) state.parameters[i] += 0.2 * Math.sin(i);
  const shape = { batchSize, contextLength: sizes.contextLength };
  const objective = nextToken({ packed: true });
  return {
    ...state,
    loss: await compileLoss(nodeRuntime, languageTask(model, shape, objective), layout, state),
  };
}

/** Rows one after another as a batch. */
function batchOf(rows: ReturnType<typeof packRows>) {
  const joined = (name: keyof (typeof rows)[0]) => Int32Array.from(rows.flatMap((row) => [...row[name]]));
  return {
    inputs: joined("inputs"),
    targets: joined("targets"),
    segments: joined("segments"),
    positions: joined("positions"),
  };
}

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);

describe.each([
  ["gpt2", gpt2(sizes)],
  ["qwen3", llama({ ...sizes, numHeads: 4, kvHeads: 2, hiddenWidth: 32, qkNorm: true })],
  ["gemma3", gemma3({ ...sizes, hiddenWidth: 32, slidingWindow: 3, globalLayers: [1] })],
] as const)("%s", (_, model) => {
  it("three chats in one row have the loss and the gradients of three rows", async () => {
    const together = packRows(chats, sizes.contextLength);
    const apart = chats.flatMap((chat) => packRows([chat], sizes.contextLength));
    expect([together.length, apart.length]).toEqual([1, 3]);
    const [one, three] = [await compiled(model, 1), await compiled(model, 3)];
    const [packed, alone] = [await one.loss.run(batchOf(together)), await three.loss.run(batchOf(apart))];
    // Sums in another order: float32.
    expect(packed.loss).toBeCloseTo(alone.loss, 5);
    expect(largestDifference(one.gradients, three.gradients)).toBeLessThan(1e-5);
    expect(Math.max(...one.gradients.map(Math.abs))).toBeGreaterThan(0.01);
  });

  it("without segments the same row has another loss", async () => {
    const { loss } = await compiled(model, 1);
    const batch = batchOf(packRows(chats, sizes.contextLength));
    const leaking = { ...batch, segments: batch.segments.map(() => 1) };
    const [kept, leaked] = [await loss.run(batch), await loss.run(leaking)];
    expect(Math.abs(kept.loss - leaked.loss)).toBeGreaterThan(1e-3);
  });
});
