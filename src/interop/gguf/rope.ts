/**
 * Rotary positions as GGUF files say them. A factor for all pairs is metadata. What Llama 3 has, which slows some pairs
 * only, is a tensor of divisors, one a pair; the settings that it was made of are found again.
 * [llama.cpp, conversion/llama.py: generate_extra_tensors; llama-model.cpp: load_hparams]
 */
import type { Decoder } from "../../models/decoder.js";
import { type Llama3Scaling, type RotaryScaling, rotaryDivisors } from "../../nn/rotary.js";
import { ConfigFields } from "../config-fields.js";
import { readRotary } from "../rope-config.js";
import type { NamedArray } from "../safetensors.js";
import { float32, type GgufValue, string, uint32 } from "./gguf-file.js";

/** llama.cpp's name of the divisors. */
export const ropeDivisors = "rope_freqs.weight";

/** The metadata `rope.*` of a model. */
export function ropeMetadata(model: Decoder): Record<string, GgufValue> {
  const { theta, scaling } = rotaryOf(model);
  return {
    "rope.dimension_count": uint32(model.headWidth),
    "rope.freq_base": float32(theta),
    ...(scaling?.kind === "linear"
      ? { "rope.scaling.type": string("linear"), "rope.scaling.factor": float32(scaling.factor) }
      : {}),
  };
}

/** The divisors of a model that has Llama 3's scaling; undefined for others. */
export function divisorsOf(model: Decoder): NamedArray | undefined {
  const rotary = rotaryOf(model);
  if (rotary.scaling?.kind !== "llama3") return undefined;
  const data = Float32Array.from(rotaryDivisors(model.headWidth, rotary));
  return { shape: [data.length], data };
}

function rotaryOf(model: Decoder) {
  const { rope_theta, rope_scaling } = model.huggingFaceConfig();
  return readRotary(new ConfigFields({ rope_theta, rope_scaling }, "the model"), 10_000);
}

/** As far as two numbers of float32 differ that mean the same divisor. */
const tolerance = 1e-5;

/**
 * The scaling that has these divisors; "none" where they change nothing, undefined where none of Llama 3's kind has them.
 * The passage between fast and slow pairs is a line in the pair's speed. Two pairs on it give the line, which is all that
 * the two bounds and the original context mean; with fewer, the bounds are those that Llama 3 was published with.
 */
export function scalingWith(
  divisors: Float32Array,
  theta: number,
  contextLength: number,
): RotaryScaling | "none" | undefined {
  const half = divisors.length;
  const factor = divisors.reduce((most, value) => Math.max(most, value), 0);
  if (divisors.every((value) => value === 1)) return "none";
  const frequency = (i: number) => theta ** (-i / half);
  const between = [...divisors.keys()].filter((i) => isBetween(divisors[i], factor));
  const candidates: Llama3Scaling[] = [8192, contextLength].map((originalContextLength) => ({
    ...{ factor, lowFrequency: 1, highFrequency: 4, originalContextLength },
  }));
  if (between.length >= 2) {
    const [first, last] = [between[0], between.at(-1)!];
    const smooth = (i: number) => (1 / divisors[i] - 1 / factor) / (1 - 1 / factor);
    const slope = (smooth(first) - smooth(last)) / (frequency(first) - frequency(last));
    const lowFrequency = 1; // the line has two numbers, the settings three: one is free
    const width = lowFrequency / (slope * frequency(last) - smooth(last));
    const originalContextLength = slope * width * 2 * Math.PI;
    candidates.push({ factor, lowFrequency, highFrequency: lowFrequency + width, originalContextLength });
  }
  const fits = (settings: Llama3Scaling) => {
    const found = rotaryDivisors(2 * half, { theta, scaling: { kind: "llama3", ...settings } });
    return found.every((value, i) => Math.abs(value / divisors[i] - 1) < tolerance);
  };
  const settings = candidates.flatMap((candidate) => [rounded(candidate), candidate]).find(fits);
  return settings && { kind: "llama3", ...settings };
}

const isBetween = (value: number, factor: number) =>
  value > 1 + tolerance && value < factor * (1 - tolerance);

/** Settings that people choose are round numbers. */
function rounded({
  factor,
  lowFrequency,
  highFrequency,
  originalContextLength,
}: Llama3Scaling): Llama3Scaling {
  return {
    factor,
    lowFrequency,
    highFrequency: Number(highFrequency.toPrecision(4)),
    originalContextLength: Math.round(originalContextLength),
  };
}
