import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { constant } from "../core/graph/tensor.js";
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

it("takes two views an image", () => {
  const shape = { batchSize: 4, channels: 3, height: 2, width: 2 };
  expect(ntXent({ temperature: 0.1 }).views).toBe(2);
  expect(ntXent({ temperature: 0.1 }).batch(shape).images.shape).toEqual([8, 3, 2, 2]);
});
