import { AutodidactError } from "../core/errors.js";
import { known, multiplySizes, type Size } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { reshape } from "../core/ops/movement.js";
import { slice } from "../core/ops/slice.js";

/** A model's sizes do not go together. */
export class ModelError extends AutodidactError {}

export function checkDivides(whole: string, size: number, part: string, count: number): void {
  if (size > 0 && count > 0 && Number.isInteger(size / count)) return;
  throw new ModelError(
    `${part} does not divide ${whole}`,
    `${whole} ${size}, ${part} ${count}`,
    `choose a ${whole} that is a multiple of ${part}`,
  );
}

/** Most positions of a sequence whose length is a name. */
const longest = 2 ** 14;

/** int64 [0, 1, ..., length - 1], also for a length that is a name. */
export function positionsUpTo(length: Size): Tensor<"t"> {
  return typeof length === "number" ? arange(length) : slice(arange(longest), 0, 0, length);
}

/** int64 [0, 1, ..., length - 1]. */
export function arange(length: Size): Tensor<"t"> {
  return constant(
    Array.from({ length: known(length) }, (_, i) => i),
    [known(length)],
    "int64",
  );
}

/** [t, b, c] as rows [t b, c]: what every layer but attention works on. */
export function flattenTokens(x: Tensor<"t b c">): Tensor<"n c"> {
  const [time, batch, width] = x.shape;
  return reshape(x, [multiplySizes(time, batch), width]);
}

export function checkOdd(name: string, size: number): void {
  if (Number.isInteger(size) && size % 2 === 1) return;
  throw new ModelError(`${name} has no middle`, `${size}`, "choose an odd one");
}
