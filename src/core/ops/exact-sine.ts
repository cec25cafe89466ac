/** Sine and cosine out of products and sums, for devices whose own are rough: WebGPU asks for 2^-11 of them alone. */
import type { DType } from "../graph/dtype.js";
import type { Emitter } from "../graph/op.js";

/** pi in three parts, the first two of so few bits that a few hundred times them are exact. [Cody & Waite 1980] */
const partsOfPi = [3.140625, 0.0009675025939941406, 1.509957990978376e-7];

/** Of r^3, r^5, ... in sin r: the next one is below half of float32's last digit for |r| <= pi / 2. */
const coefficients = [3, 5, 7, 9, 11].map((n, i) => (i % 2 === 0 ? -1 : 1) / factorial(n));

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

/** Name of sin(x), or of cos(x): in float32 to 2e-7 as long as |x| is below some thousands. */
export function exactSine(emit: Emitter, x: string, dtype: DType, what: "Sin" | "Cos"): string[] {
  const number = (value: number) => emit.filled(value, dtype);
  const node = (type: string, ...inputs: string[]) => emit.node(type, inputs)[0];
  // x = (turns + offset) pi + r with |r| <= pi / 2: the sine is that of r, for odd turns with the other sign.
  const turned = node("Mul", x, number(1 / Math.PI));
  const turns = node("Floor", what === "Sin" ? node("Add", turned, number(0.5)) : turned);
  const multiple = what === "Sin" ? turns : node("Add", turns, number(0.5));
  const r = partsOfPi.reduce((rest, part) => node("Sub", rest, node("Mul", multiple, number(part))), x);
  const odd = node("Sub", turns, node("Mul", node("Floor", node("Mul", turns, number(0.5))), number(2)));
  const sign = node("Sub", number(1), node("Mul", odd, number(2)));
  const square = node("Mul", r, r);
  const series = coefficients
    .toReversed()
    .reduce((sum, value) => node("Add", node("Mul", sum, square), number(value)), number(0));
  const sine = node("Add", r, node("Mul", node("Mul", r, square), series));
  const signed = node("Mul", sine, sign);
  return what === "Sin" ? [signed] : [node("Neg", signed)];
}
