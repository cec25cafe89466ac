import { constant, type Tensor } from "../core/graph/tensor.js";

/** How fast the pairs of a head's channels turn with the position. [Su et al. 2021, section 3.2] */
export interface Rotary {
  /** Pair i of d / 2 turns by theta^(-2 i / d) a position. */
  readonly theta: number;
  /** Slows them, so that a model reads further than it did at first; default not. */
  readonly scaling?: RotaryScaling;
}

/** All pairs slower by a factor [Chen et al. 2023], or only the slow ones, as Llama 3.1 has it. */
export type RotaryScaling =
  | { readonly kind: "linear"; readonly factor: number }
  | ({ readonly kind: "llama3" } & Llama3Scaling);

/**
 * A pair whose wave is longer than originalContextLength / lowFrequency positions is slower by the factor, one whose wave
 * is shorter than originalContextLength / highFrequency is not; between them lies a smooth passage.
 * [Llama team 2024, "The Llama 3 herd of models"; Transformers, modeling_rope_utils.py]
 */
export interface Llama3Scaling {
  readonly factor: number;
  readonly lowFrequency: number;
  readonly highFrequency: number;
  readonly originalContextLength: number;
}

/** By how much each of a head's d / 2 pairs is slower than theta alone makes it. */
export function rotaryDivisors(headWidth: number, { theta, scaling }: Rotary): number[] {
  const half = headWidth / 2;
  return Array.from({ length: half }, (_, i) => {
    if (scaling === undefined) return 1;
    if (scaling.kind === "linear") return scaling.factor;
    return llama3Divisor(theta ** (-i / half), scaling);
  });
}

function llama3Divisor(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFrequency, highFrequency, originalContextLength } = scaling;
  const waves = (originalContextLength * frequency) / (2 * Math.PI); // in the original context
  if (waves > highFrequency) return 1;
  if (waves < lowFrequency) return factor;
  const smooth = (waves - lowFrequency) / (highFrequency - lowFrequency);
  return 1 / ((1 - smooth) / factor + smooth);
}

/** cos and sin of the angle of each pair at each position, each [positions, d / 2]. */
export function rotaryAngles(
  positions: number,
  headWidth: number,
  rotary: Rotary,
): { readonly cos: Tensor; readonly sin: Tensor } {
  const half = headWidth / 2;
  const divisors = rotaryDivisors(headWidth, rotary);
  const frequencies = divisors.map((divisor, i) => rotary.theta ** (-i / half) / divisor);
  const table = (f: (x: number) => number) =>
    constant(
      Float32Array.from({ length: positions * half }, (_, i) =>
        f(Math.floor(i / half) * frequencies[i % half]),
      ),
      [positions, half],
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
