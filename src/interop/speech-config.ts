/** `config.json` to a model of speech. */
import { z } from "zod";
import { conformer } from "../models/conformer.js";
import type { SpeechEncoder, SpeechRecogniser } from "../models/speech-encoder.js";
import { speechRecogniser } from "../models/speech-recogniser.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, type JsonObject } from "./folder-files.js";

/** A model of speech and what it is for. */
export type SpeechModelKind =
  | { readonly kind: "encoder"; readonly model: SpeechEncoder }
  | { readonly kind: "recogniser"; readonly model: SpeechRecogniser };

const count = z
  .int()
  .positive()
  .max(2 ** 20);
const odd = count.refine((size) => size % 2 === 1, "must be odd");

/** Defaults are Transformers'. Where the only value that is exact is another one, the field must be there. */
const conformerConfig = z.object({
  feature_projection_input_dim: count.default(160),
  hidden_size: count,
  num_hidden_layers: count.max(10_000),
  num_attention_heads: count,
  intermediate_size: count,
  hidden_act: z.enum(["swish", "silu"]).default("swish"),
  conv_depthwise_kernel_size: odd.default(31),
  position_embeddings_type: z.literal("rotary"),
  rotary_embedding_base: z.number().positive().default(10_000),
  layer_norm_eps: z.number().positive().default(1e-5),
  add_adapter: z.literal(false).default(false),
  use_intermediate_ffn_before_adapter: z.literal(false).default(false),
  mask_time_prob: z.number().positive().default(0.05),
  vocab_size: count.nullish(),
});
const blank = z.object({ pad_token_id: z.literal(0).default(0) });

/** Builds the model that a config describes. Throws `CheckpointError` naming the field. */
export function speechModelFromConfig(config: JsonObject, source: string): SpeechModelKind {
  if (config.model_type !== "wav2vec2-bert") {
    throw new CheckpointError(
      "the model is not one of speech",
      `model_type ${JSON.stringify(config.model_type)} in ${source}`,
      "wav2vec2-bert models can be opened",
    );
  }
  const fields = fieldsOf(conformerConfig, config, source);
  const encoder = conformer({
    featureWidth: fields.feature_projection_input_dim,
    width: fields.hidden_size,
    numLayers: fields.num_hidden_layers,
    numHeads: fields.num_attention_heads,
    hiddenWidth: fields.intermediate_size,
    kernelSize: fields.conv_depthwise_kernel_size,
    ropeTheta: fields.rotary_embedding_base,
    layerNormEpsilon: fields.layer_norm_eps,
  });
  if (typeof fields.vocab_size !== "number") return { kind: "encoder", model: encoder };
  fieldsOf(blank, config, source);
  return { kind: "recogniser", model: speechRecogniser(encoder, fields.vocab_size) };
}
