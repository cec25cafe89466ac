import type { RotaryScaling } from "../nn/rotary.js";

/** `rope_scaling` of a `config.json`. [Transformers, modeling_rope_utils.py] */
export function ropeScalingFields(scaling: RotaryScaling): Record<string, unknown> {
  if (scaling.kind === "linear") return { rope_type: "linear", factor: scaling.factor };
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequency,
    high_freq_factor: scaling.highFrequency,
    original_max_position_embeddings: scaling.originalContextLength,
  };
}
