import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { recompute } from "../core/autodiff/custom.js";
import { grad } from "../core/autodiff/grad.js";
import { constant, input, type Tensor } from "../core/graph/tensor.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, sum } from "../core/ops/movement.js";
import { concat } from "../core/ops/slice.js";
import { randomStream } from "../core/random.js";
import { type KeysAndValues, maskValue } from "../nn/attention.js";
import { type Dropout, dropoutFrom, dropoutRows } from "../nn/dropout.js";
import { initialise, lookUp, normal, type Parameters } from "../nn/parameter.js";
import { t5 } from "./t5.js";

const model = t5({
  ...{
    vocabSize: 13,
    width: 8,
    numLayers: 2,
    numDecoderLayers: 2,
    numHeads: 2,
    headWidth: 3,
    hiddenWidth: 10,
  },
  ...{ numBuckets: 8, maxDistance: 6 },
});
const { dropoutSites, numHeads, headWidth, vocabSize } = model;

/** Values that show every layer, as those that a model starts with do not. */
const weights = Object.fromEntries(
  model.parameters.map(({ name, shape }, i) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(data, normal(0.5), randomStream(3, name, i));
    return [name, Array.from(data)];
  }),
);

const [batch, source, target] = [2, 5, 4];
const sourceIds = [3, 4, 5, 6, 7, 8, 9, 10, 0, 0];
const valid = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0];
const inputIds = [0, 4, 5, 6, 0, 7, 8, 9];

const integers = <S extends string>(values: readonly number[], rows = batch) =>
  constant<S>(values, [rows, values.length / rows], "int64");
const tokens = (ids: readonly number[], marks: readonly number[], rows = batch) => ({
  ids: integers<"b s">(ids, rows),
  valid: constant<"b s">(marks, [rows, marks.length / rows]),
});

const parameters = (eachLayer?: Parameters["eachLayer"]) => {
  const tensors = model.parameters.map(({ name, shape }) => [name, input(name, "float32", shape)] as const);
  return lookUp(new Map(tensors), undefined, eachLayer && { eachLayer });
};

/** Logits [b, t, v] for states of so many sequences. */
function logitsOf(p: Parameters, hidden: Tensor, rows = batch): Tensor {
  const logits = gemm(reshape(hidden, [-1, model.width]), model.head(p), { transB: true });
  return reshape(logits, [rows, -1, vocabSize]);
}

/** Logits of all inputs at once. */
function taught(
  p: Parameters,
  { read = tokens(sourceIds, valid), inputs = integers<"b t">(inputIds), rows = batch } = {},
  dropout?: Dropout,
): Tensor {
  return logitsOf(p, model.decodeAll(p, model.encode(p, read, dropout), read, inputs, dropout), rows);
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

// float32 sums of a few dozen terms of about one, in another order.
const tolerance = 1e-5;

describe("T5", () => {
  it("reads a sequence the same whatever stands behind it and beside it", async () => {
    const p = parameters();
    const alone = taught(p, {
      read: tokens(sourceIds.slice(source, source + 3), [1, 1, 1], 1),
      inputs: integers<"b t">(inputIds.slice(target), 1),
      rows: 1,
    });
    const { both, single } = await evaluate({ both: taught(p), single: alone }, weights);
    expect(largestDifference(single, both.slice(both.length / 2))).toBeLessThan(tolerance);
  });

  it("gives numbers where a source is nothing but padding", async () => {
    const read = tokens(sourceIds, new Array(batch * source).fill(0));
    const { y } = await evaluate({ y: taught(parameters(), { read }) }, weights);
    expect(y.every(Number.isFinite)).toBe(true);
  });

  it("has the same gradients where layers are computed twice", async () => {
    const streams = [randomStream(1, "first"), randomStream(1, "second")];
    const rows = constant(
      dropoutRows(dropoutSites, source, streams),
      [dropoutSites, batch * source],
      "int64",
    );
    const gradients = (eachLayer?: Parameters["eachLayer"]) => {
      const p = parameters(eachLayer);
      const wrt = model.parameters.map(({ name }) => p(name));
      const derived = grad(sum(taught(p, {}, dropoutFrom(rows, 0.3))), wrt);
      return evaluate(
        Object.fromEntries(derived.map((d, i) => [`d ${model.parameters[i].name}`, d])),
        weights,
      );
    };
    const [once, twice] = [await gradients(), await gradients(recompute)];
    for (const [name, values] of Object.entries(once)) {
      const scale = Math.max(...values.map(Math.abs));
      expect(scale, name).toBeGreaterThan(0);
      expect(largestDifference(values, twice[name]) / scale, name).toBeLessThan(tolerance);
    }
  });

  it("drops out in as many places as it says, each of them once", () => {
    const sites: number[] = [];
    taught(parameters(), {}, (x, site) => {
      sites.push(site);
      return x;
    });
    expect(sites).toEqual(Array.from({ length: dropoutSites }, (_, i) => i));
  });
});

describe("T5's cached decoding", () => {
  const p = parameters();
  /** A place of the cache that nothing was written to: what is there must not count. */
  const unused = constant(new Array(batch * numHeads * headWidth).fill(7), [batch, numHeads, 1, headWidth]);

  /** Each new token sees all that was `held`, nothing of the place behind that, and of the new what is not later. */
  const visible = (held: number, count: number) =>
    Array.from({ length: count * (held + 1 + count) }, (_, i) => {
      const [query, key] = [Math.floor(i / (held + 1 + count)), i % (held + 1 + count)];
      return key < held || (key > held && key - held - 1 <= query) ? 0 : maskValue;
    });

  /** Reads `count` inputs behind those that are held. */
  function decode(held: number, count: number, past: readonly KeysAndValues[]) {
    const span = Array.from({ length: count }, (_, i) => held + i);
    return model.decode(p, {
      ids: integers([0, target].flatMap((start) => span.map((place) => inputIds[start + place]))),
      positions: integers([...span, ...span]),
      bias: constant(visible(held, count), [1, 1, count, held + 1 + count]),
      past,
      memory: model.memory(p, model.encode(p, tokens(sourceIds, valid))),
      memoryBias: constant(
        valid.map((mark) => (mark ? 0 : maskValue)),
        [batch, 1, 1, source],
      ),
    });
  }

  it.each([1, 2])("gives the logits of teacher forcing, the last %i behind the others", async (count) => {
    const nothing = Array.from({ length: model.numDecoderLayers }, () => ({ keys: unused, values: unused }));
    const first = decode(0, target - count, nothing);
    const past = first.fresh.map(({ keys, values }) => ({
      keys: concat([keys, unused], 2),
      values: concat([values, unused], 2),
    }));
    const last = decode(target - count, count, past);
    const pieces = [first, last].map(({ hidden }) => logitsOf(p, hidden));
    const { actual, expected } = await evaluate({ actual: concat(pieces, 1), expected: taught(p) }, weights);
    expect(largestDifference(actual, expected)).toBeLessThan(tolerance);
  });
});
