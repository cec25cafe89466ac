import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { constant } from "../core/graph/tensor.js";
import { ObjectiveError } from "./errors.js";
import { ntXent, ntXentLoss } from "./nt-xent.js";

async function lossOf(rows: number[][], temperature: number) {
  const { loss, metrics } = ntXentLoss(constant(rows.flat(), [rows.length, rows[0].length]), temperature);
  const values = await evaluate({ loss, ...metrics });
  return { loss: values.loss[0], accuracy: values.accuracy[0] };
}

const axis = (i: number, length = 1) => [0, 0, 0].with(i, length);

it("knows equal views of orthogonal images, whatever their lengths", async () => {
  const rows = [axis(0, 3), axis(0), axis(1), axis(1, 0.5), axis(2), axis(2)];
  const { loss, accuracy } = await lossOf(rows, 0.5);
  expect(loss).toBeCloseTo(Math.log(1 + 4 * Math.exp(-2)), 5); // one at cosine 1, four at 0, over 0.5
  expect(accuracy).toBe(1);
});

it("is the logarithm of the number of other rows when all are alike", async () => {
  const { loss } = await lossOf([axis(0), axis(0), axis(0), axis(0)], 0.1);
  expect(loss).toBeCloseTo(Math.log(3), 5);
});

it("counts a view as missed when another image is closer", async () => {
  const { accuracy } = await lossOf([axis(0), axis(1), axis(0), axis(2)], 0.1);
  // The second view of either image is orthogonal to all rows, and so to none more than to the first view.
  expect(accuracy).toBe(0.5);
});

it("an evaluation counts each image once, among others that count or do not, and forgets those not there", async () => {
  const rows = [axis(0), axis(1), axis(1), axis(2), axis(0, 2), axis(0)];
  const evaluated = async (counted: number[], present: number[], of = rows) => {
    const flags = { counted: constant<"i">(counted, [3]), present: constant<"i">(present, [3]) };
    const { loss, metrics } = ntXentLoss(constant(of.flat(), [6, 3]), 0.5, flags);
    const values = await evaluate({ loss, ...metrics });
    return [values.loss[0], values.accuracy[0]];
  };
  const whole = await lossOf(rows, 0.5);
  const alone = [await evaluated([1, 0, 0], [1, 1, 1]), await evaluated([0, 1, 1], [1, 1, 1])];
  expect((await evaluated([1, 1, 1], [1, 1, 1]))[0]).toBeCloseTo(whole.loss, 5);
  expect((alone[0][0] + 2 * alone[1][0]) / 3).toBeCloseTo(whole.loss, 5);
  expect((alone[0][1] + 2 * alone[1][1]) / 3).toBeCloseTo(whole.accuracy, 5);
  const two = await lossOf(rows.slice(0, 4), 0.5);
  const filled = [...rows.slice(0, 4), ...rows.slice(0, 2)];
  expect((await evaluated([1, 1, 0], [1, 1, 0], filled))[0]).toBeCloseTo(two.loss, 5);
  expect((await evaluated([1, 1, 0], [1, 1, 0], filled))[1]).toBeCloseTo(two.accuracy, 5);
});

it("refuses batches of one: there is nothing to be told apart from", () => {
  const one = { batchSize: 1, channels: 3, height: 2, width: 2 };
  expect(() => ntXent({ temperature: 0.1 }).batch(one)).toThrow(ObjectiveError);
  const labels = new Int32Array(4);
  const [counted, present] = [Float32Array.of(1, 0), Float32Array.of(1, 0)];
  expect(ntXent({ temperature: 0.1 }).count({ labels, counted, present })).toBe(0);
});

it("takes two views an image", () => {
  const shape = { batchSize: 4, channels: 3, height: 2, width: 2 };
  expect(ntXent({ temperature: 0.1 }).views).toBe(2);
  expect(ntXent({ temperature: 0.1 }).batch(shape).images.shape).toEqual([8, 3, 2, 2]);
});
